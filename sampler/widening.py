"""A wider range, for elites that press against the end of the one they have."""

import math
from collections.abc import Mapping
from dataclasses import replace

from sampler.edges import End
from sampler.errors import SpaceError
from sampler.parameters import Float, Integer, Parameter, Ranged
from sampler.scales import LINEAR, SCALES
from sampler.space import SearchSpace

GROWTH = 0.25  # of the length of the range on its axis
DIGITS = 3, 6, 9, 12
SLACK = 1e-6  # of a step: what the digits of binary fractions may be off

Ranges = Mapping[str, tuple[float, float]]


def wider(parameter: Ranged, end: End) -> Ranged:
    """The parameter with that end a quarter of the range further out; itself where it cannot be.

    On a linear scale never through a limit that means something: 0 for what was not negative, 1
    for a share.
    """
    scale = SCALES[parameter.scale]
    start, stop = scale.to_axis(parameter.low), scale.to_axis(parameter.high)
    grown = GROWTH * (stop - start)
    try:
        wanted = scale.from_axis(start - grown if end == "low" else stop + grown)
        moved = _moved(parameter, end, wanted)
        return replace(parameter, low=moved) if end == "low" else replace(parameter, high=moved)
    except (SpaceError, OverflowError):
        return parameter


def _moved(parameter: Ranged, end: End, wanted: float) -> float:
    """Where the end may move to, near to where it is wanted."""
    old, out = (parameter.low, -1) if end == "low" else (parameter.high, 1)
    if isinstance(parameter, Integer) and parameter.base is not None:
        return old * parameter.base if out > 0 else max(old // parameter.base, 1)
    room = abs(_limit(parameter, end) - old)
    length = min(abs(wanted - old), room)
    step = getattr(parameter, "step", None) or (1 if isinstance(parameter, Integer) else None)
    if step is None:
        return _written(old, old + out * length)
    steps = math.ceil(length / step - SLACK)
    return old + out * step * (steps if steps * step <= room else math.floor(room / step + SLACK))


def _limit(parameter: Ranged, end: End) -> float:
    """What the end may not move through."""
    if parameter.scale == LINEAR.name and parameter.low >= 0:
        if end == "low":
            return 0.0
        if isinstance(parameter, Float) and parameter.high <= 1:
            return 1.0
    return math.inf


def _written(old: float, wanted: float) -> float:
    """What a person would write for the wanted end: of so many digits that it moves half as far."""
    for digits in DIGITS:
        found = _rounded(wanted, digits)
        if abs(found - wanted) <= abs(wanted - old) / 2:
            return found
    return wanted


def _rounded(x: float, digits: int) -> float:
    """To so many digits, of 1 - x near 1."""
    return 1 - float(f"{1 - x:.{digits}g}") if 0.9 < x < 1 else float(f"{x:.{digits}g}")


def widened(space: SearchSpace, ranges: Ranges) -> SearchSpace:
    """The space with other ends for some of its parameters."""
    if not ranges:
        return space
    parameters: dict[str, Parameter] = dict(space.parameters)
    for name, (low, high) in ranges.items():
        parameter = parameters[name]
        assert isinstance(parameter, Ranged)
        parameters[name] = replace(parameter, low=low, high=high)
    return SearchSpace(parameters)
