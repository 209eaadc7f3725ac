"""Boxes in natural units: ranges to intervals of the unit interval, and back."""

from collections.abc import Mapping, Sequence

from caviar.sampler.errors import SpaceError
from caviar.sampler.space.parameters import Categorical, Float, Parameter
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.text import choice_text, did_you_mean, label, shown
from caviar.sampler.values import Box, Setting, real

SHARE_INSET = 1e-9  # of the unit interval: the edge of a share belongs to the next value
MAX_SHARE_INSET = 0.125  # of half a share, where shares are narrow


def parse_box(space: SearchSpace, ranges: object) -> Box:
    """The box of `{"learning_rate": [0.001, 0.01]}`: an interval for each named parameter.

    Whole numbers, steps and ordered choices keep their whole share at both ends. A range of
    ordered choices may also list every choice in it. Raises SpaceError with the path of an invalid
    range, of an unknown name, or of an unordered parameter.
    """
    if not isinstance(ranges, Mapping):
        raise SpaceError("", f"must be an object of ranges by name, not {shown(ranges)}")
    return {_known(space, name): _interval(space, name, pair) for name, pair in ranges.items()}


def box_ranges(space: SearchSpace, box: Box) -> dict[str, list[Setting]]:
    """The ranges of a box: the low and the high end of each parameter, or its choices in the box.

    This is the inverse of `parse_box`, whose input it restores exactly; the ends of other boxes
    are free of rounding noise.
    """
    return {name: _range(space.parameters[name], *box[name]) for name in box}


def _range(parameter: Parameter, start: float, end: float) -> list[Setting]:
    ends = [parameter.decode(start), parameter.decode(end)]
    if isinstance(parameter, Float):
        return [parameter.tidy(real(value)) for value in ends]
    if isinstance(parameter, Categorical):
        first, last = (parameter.index(value) for value in ends)
        return list(parameter.choices[first : last + 1])
    return ends


def _known(space: SearchSpace, name: object) -> str:
    if not isinstance(name, str) or name not in space.parameters:
        raise SpaceError(label(name), f"no such parameter{did_you_mean(name, space.parameters)}")
    return name


def _interval(space: SearchSpace, name: str, pair: object) -> tuple[float, float]:
    parameter = space.parameters[name]
    if parameter.nominal:
        raise SpaceError(name, "is unordered and cannot be narrowed to a range")
    if isinstance(parameter, Categorical) and isinstance(pair, list | tuple):
        pair = _ends(parameter, pair)
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise SpaceError(name, f"must be a low and a high end, not {shown(pair)}")
    low, high = (parameter.check(end) for end in pair)
    start, end = _edge(parameter, low, -1), _edge(parameter, high, 1)
    if start >= end:
        raise SpaceError(name, f"{choice_text(low)} must be below {choice_text(high)}")
    return max(start, 0.0), min(end, 1.0)


def _edge(parameter: Parameter, value: Setting, side: int) -> float:
    """The end of the share of a value on one side, moved inwards by the inset."""
    half = parameter.share(value) / 2
    inset = min(SHARE_INSET, MAX_SHARE_INSET * half) if parameter.discrete else 0.0
    return parameter.encode(value) + side * (half - inset)


def _ends(parameter: Categorical, members: Sequence[object]) -> Sequence[object]:
    """The first and the last of ordered choices, if they are consecutive; else the input."""
    named = [parameter.check(member) for member in members]
    places = [parameter.index(value) for value in named]
    if named and places == list(range(places[0], places[0] + len(places))):
        return named[0], named[-1]
    return members
