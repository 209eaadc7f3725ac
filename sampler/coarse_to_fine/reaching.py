"""A person's box may reach beyond the ranges of a search that is allowed to widen them."""

from collections.abc import Mapping
from dataclasses import replace

from caviar.sampler.coarse_to_fine.widening import round_space
from caviar.sampler.errors import SpaceError
from caviar.sampler.rounds import Round
from caviar.sampler.space.parameters import Numeric
from caviar.sampler.space.space import SearchSpace


def extend_ranges(space: SearchSpace, current: Round, ranges: object) -> Round:
    """The round with its ranges as wide as the box `{"learning_rate": [0.001, 0.01]}` asks for.

    What is no range is left for `box_of` to refuse. Raises SpaceError when a parameter cannot
    reach there: below 0 on a log scale, say, or between two steps.
    """
    wide = round_space(space, current)
    grown: dict[str, list[float]] = {}
    for name, pair in ranges.items() if isinstance(ranges, Mapping) else ():
        parameter = wide.parameters.get(name)
        if not isinstance(parameter, Numeric) or not _is_pair(pair):
            continue
        low, high = min(parameter.low, pair[0]), max(parameter.high, pair[1])
        if (low, high) != (parameter.low, parameter.high):
            try:
                further = replace(parameter, low=low, high=high)
            except SpaceError as error:
                raise SpaceError(name, f"cannot reach there: {error}") from error
            grown[name] = [further.low, further.high]
    if not grown:
        return current
    known = current.model.get("ranges", {})
    return replace(current, model={**current.model, "ranges": {**known, **grown}})


def _is_pair(pair: object) -> bool:
    return (
        isinstance(pair, list | tuple)
        and len(pair) == 2
        and all(isinstance(end, int | float) and not isinstance(end, bool) for end in pair)
    )
