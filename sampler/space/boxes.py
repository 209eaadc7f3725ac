"""Boxes in a person's own units: ranges become intervals of the unit interval, and back."""

from collections.abc import Mapping, Sequence

from caviar.sampler.errors import SpaceError
from caviar.sampler.rounds import Box
from caviar.sampler.space.parameters import Categorical, Float, Parameter
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.text import did_you_mean, label, shown
from caviar.sampler.values import Value

INSIDE = 1e-9  # of the unit interval: the edge of a share belongs to the next value
PART = 0.125  # of a share at most, where shares are narrower than that


def parse_box(space: SearchSpace, ranges: object) -> Box:
    """The box of `{"learning_rate": [0.001, 0.01]}`: an interval for each parameter named.

    Whole numbers, steps and ordered choices keep their whole share at both ends; of choices all
    may be named, too. Raises SpaceError with the path of a range that is none, of a name that is
    unknown, or of categories, which have no order to zoom by.
    """
    if not isinstance(ranges, Mapping):
        raise SpaceError("", f"must be an object of ranges by name, not {shown(ranges)}")
    return {_known(space, name): _interval(space, name, pair) for name, pair in ranges.items()}


def box_ranges(space: SearchSpace, box: Box) -> dict[str, list[Value]]:
    """What a box holds: the low and the high end of each parameter, or those of its choices.

    `box_of` takes them back. Of a box that it made they are as they were written; others have no
    noise digits.
    """
    return {name: _range(space.parameters[name], *box[name]) for name in box}


def _range(parameter: Parameter, start: float, end: float) -> list[Value]:
    ends = [parameter.decode(start), parameter.decode(end)]
    if isinstance(parameter, Float):
        return [parameter.tidy(float(value)) for value in ends]
    if isinstance(parameter, Categorical):
        first, last = (parameter.choices.index(value) for value in ends)
        return list(parameter.choices[first : last + 1])
    return ends


def _known(space: SearchSpace, name: object) -> str:
    if not isinstance(name, str) or name not in space.parameters:
        raise SpaceError(label(name), f"no such parameter{did_you_mean(name, space.parameters)}")
    return name


def _interval(space: SearchSpace, name: str, pair: object) -> tuple[float, float]:
    parameter = space.parameters[name]
    if parameter.nominal:
        raise SpaceError(name, "has no order to zoom by")
    if isinstance(parameter, Categorical) and isinstance(pair, list | tuple):
        pair = _ends(parameter, pair)
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise SpaceError(name, f"must be a low and a high end, not {shown(pair)}")
    low, high = (parameter.check(end) for end in pair)
    start, end = _edge(parameter, low, -1), _edge(parameter, high, 1)
    if start >= end:
        raise SpaceError(name, f"{shown(low)} must be below {shown(high)}")
    return max(start, 0.0), min(end, 1.0)


def _edge(parameter: Parameter, value: Value, side: int) -> float:
    """Where the share of a value ends, a little inside."""
    half = parameter.share(value) / 2
    inside = min(INSIDE, PART * half) if parameter.discrete else 0.0
    return parameter.encode(value) + side * (half - inside)


def _ends(parameter: Categorical, members: Sequence[object]) -> Sequence[object]:
    """The first and the last of ordered choices, of which all may be named, side by side."""
    named = [parameter.check(member) for member in members]
    places = [parameter.choices.index(value) for value in named]
    if named and places == list(range(places[0], places[0] + len(places))):
        return named[0], named[-1]
    return members
