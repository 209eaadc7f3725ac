"""Boxes in a person's own units: ranges become intervals of the unit interval, and back."""

from collections.abc import Mapping

from sampler.errors import SpaceError
from sampler.parameters import Categorical, Float, Parameter
from sampler.rounds import Box
from sampler.space import SearchSpace
from sampler.values import Value
from sampler.wording import did_you_mean, label, shown

INSIDE = 1e-9  # of the unit interval: the edge of a share belongs to the next value


def box_of(space: SearchSpace, ranges: object) -> Box:
    """The box of `{"learning_rate": [0.001, 0.01]}`: an interval for each parameter named.

    Whole numbers, steps and ordered choices keep their whole share at both ends. Raises SpaceError
    with the path of a range that is none, of a name that is unknown, or of categories, which have
    no order to zoom by.
    """
    if not isinstance(ranges, Mapping):
        raise SpaceError("", f"must be an object of ranges by name, not {shown(ranges)}")
    return {_known(space, name): _interval(space, name, pair) for name, pair in ranges.items()}


def ranges_of(space: SearchSpace, box: Box) -> dict[str, list[Value]]:
    """What a box holds: the low and the high end of each parameter, or those of its choices.

    Of a box that `box_of` made, the ranges that it was made of; others without noise digits.
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
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise SpaceError(name, f"must be a low and a high end, not {shown(pair)}")
    low, high = (parameter.check(end) for end in pair)
    start = parameter.encode(low) - parameter.share(low) / 2
    end = parameter.encode(high) + parameter.share(high) / 2
    if parameter.discrete:
        start, end = start + INSIDE, end - INSIDE
    if start >= end:
        raise SpaceError(name, f"{shown(low)} must be below {shown(high)}")
    return max(start, 0.0), min(end, 1.0)
