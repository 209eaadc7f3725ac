"""Wider ranges: by the search, at ends that elites press against, or by a person's box."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, TypeAlias

from caviar.sampler.errors import SpaceError
from caviar.sampler.rounds import ProposalData, Round
from caviar.sampler.space.numeric import STEP_TOLERANCE
from caviar.sampler.space.parameters import Float, Integer, Numeric, Parameter, Reach
from caviar.sampler.space.scales import LINEAR, SCALES
from caviar.sampler.space.space import SearchSpace

GROWTH = 0.25  # of the length of the range on its axis
END_DIGITS = 3, 6, 9, 12  # significant digits to round a new end to

End: TypeAlias = Literal["low", "high"]
Ranges: TypeAlias = Mapping[str, tuple[float, float]]


def may_grow(space: SearchSpace) -> bool:
    """Whether the space has a range that a search may widen."""
    return any(isinstance(p, Numeric) and p.varies for p in space.parameters.values())


def wider(parameter: Numeric, end: End) -> Numeric:
    """The parameter with one end moved out by a quarter of the range; itself if that is invalid.

    The end stays within the reach of the parameter. On a linear scale it does not cross a limit
    with a meaning: 0 for a range that is not negative, 1 for a fraction. Positive ranges stay
    positive.
    """
    scale = SCALES[parameter.scale]
    start, stop = scale.to_axis(parameter.low), scale.to_axis(parameter.high)
    growth = GROWTH * (stop - start)
    try:
        target = scale.from_axis(start - growth if end == "low" else stop + growth)
        moved = _moved(parameter, end, target)
        return replace(parameter, low=moved) if end == "low" else replace(parameter, high=moved)
    except (SpaceError, OverflowError):
        return parameter


def _moved(parameter: Numeric, end: End, target: float) -> float:
    """The valid end near the target."""
    old, sign = (parameter.low, -1) if end == "low" else (parameter.high, 1)
    if isinstance(parameter, Integer) and parameter.base is not None:
        power = old * parameter.base if sign > 0 else max(old // parameter.base, 1)
        return power if parameter.reach.holds(power) else old
    limit, is_open = _limit(parameter, end)
    room, length = abs(limit - old), abs(target - old)
    step = getattr(parameter, "step", None) or (1 if isinstance(parameter, Integer) else None)
    if step is None:
        if length >= room:
            length = room / 2 if is_open else room
        return _short_end(old, old + sign * length)
    steps = math.ceil(length / step - STEP_TOLERANCE)
    if steps * step >= room:
        open_steps = math.ceil(room / step - STEP_TOLERANCE) - 1
        steps = open_steps if is_open else math.floor(room / step + STEP_TOLERANCE)
    return old + sign * step * steps


def _limit(parameter: Numeric, end: End) -> tuple[float, bool]:
    """The limit of the end, and whether the limit itself is excluded."""
    reach, is_linear = parameter.reach, parameter.scale == LINEAR.name
    is_float = isinstance(parameter, Float)
    if end == "low":
        limits = [(reach.low, reach.low_open)]
        if is_linear and parameter.low > 0:
            limits.append((0.0, True))
        elif is_linear and parameter.low == 0:
            limits.append((0.0, False))
        return max(limits)
    limits = [(reach.high, reach.high_open)]
    if is_linear and is_float and parameter.low >= 0 and parameter.high <= 1:
        limits.append((1.0, False))
    return min(limits, key=lambda limit: (limit[0], not limit[1]))


def _short_end(old: float, target: float) -> float:
    """The target with the fewest digits that change the move by at most half."""
    for digits in END_DIGITS:
        rounded = _rounded(target, digits)
        if abs(rounded - target) <= abs(target - old) / 2:
            return rounded
    return target


def _rounded(x: float, digits: int) -> float:
    """X to `digits` significant digits; near 1, 1 - x is rounded."""
    return 1 - float(f"{1 - x:.{digits}g}") if 0.9 < x < 1 else float(f"{x:.{digits}g}")


def extend_ranges(space: SearchSpace, current: Round, ranges: object) -> Round:
    """The round with ranges extended to cover the box `{"learning_rate": [0.001, 0.01]}`.

    Invalid ranges are ignored here: `parse_box` refuses them. Raises SpaceError when a parameter
    cannot extend that far, such as below 0 on a log scale or to a value between two steps.
    """
    wide = round_space(space, current)
    extended: dict[str, list[float]] = {}
    for name, pair in ranges.items() if isinstance(ranges, Mapping) else ():
        parameter = wide.parameters.get(name)
        if not isinstance(parameter, Numeric) or not _is_pair(pair):
            continue
        low, high = min(parameter.low, pair[0]), max(parameter.high, pair[1])
        if (low, high) != (parameter.low, parameter.high):
            try:
                grown = replace(parameter, low=low, high=high)
            except SpaceError as error:
                raise SpaceError(name, f"cannot extend to this box: {error}") from error
            extended[name] = [grown.low, grown.high]
    if not extended:
        return current
    known = current.proposal_data.get("ranges", {})
    data: ProposalData = {**current.proposal_data, "ranges": {**known, **extended}}
    return replace(current, proposal_data=data)


def _is_pair(pair: object) -> bool:
    return (
        isinstance(pair, list | tuple)
        and len(pair) == 2
        and all(isinstance(end, int | float) and not isinstance(end, bool) for end in pair)
    )


def with_reaches(space: SearchSpace, reaches: Mapping[str, Reach]) -> SearchSpace:
    """The space with limits on how far ranges may be widened; they include the ranges."""
    parameters: dict[str, Parameter] = dict(space.parameters)
    for name, reach in reaches.items():
        parameter = parameters[name]
        if isinstance(parameter, Numeric):
            own = _covering(reach, parameter.low, parameter.high)
            parameters[name] = replace(parameter, reach=own)
    return SearchSpace(parameters)


def _covering(reach: Reach, low: float, high: float) -> Reach:
    """The reach, extended to hold both ends."""
    return Reach(
        low=min(reach.low, low),
        high=max(reach.high, high),
        low_open=reach.low_open and low > reach.low,
        high_open=reach.high_open and high < reach.high,
    )


def widened(space: SearchSpace, ranges: Ranges) -> SearchSpace:
    """The space with other ranges for some parameters, regardless of their current reach."""
    if not ranges:
        return space
    parameters: dict[str, Parameter] = dict(space.parameters)
    for name, (low, high) in ranges.items():
        parameter = parameters[name]
        assert isinstance(parameter, Numeric)
        reach = _covering(parameter.reach, low, high)
        parameters[name] = replace(parameter, low=low, high=high, reach=reach)
    return SearchSpace(parameters)


def round_space(space: SearchSpace, current: Round) -> SearchSpace:
    """The space of a round's box and trials: that of the study with the round's wider ranges."""
    return widened(space, round_ranges(current))


def round_ranges(current: Round) -> dict[str, tuple[float, float]]:
    """The ranges of a round that differ from those of the study."""
    ranges = current.proposal_data.get("ranges", {})
    return {name: (low, high) for name, (low, high) in ranges.items()}
