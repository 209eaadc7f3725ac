"""Boxes drawn by hand: ranges in a person's own units become intervals of the unit interval."""

from collections.abc import Mapping

from sampler.errors import SpaceError
from sampler.rounds import Box
from sampler.space import SearchSpace
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
