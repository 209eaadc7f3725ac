"""A wider range, for elites that press against the end of the one they have."""

import math
from collections.abc import Mapping
from dataclasses import replace

from caviar.sampler.coarse_to_fine.edges import End
from caviar.sampler.errors import SpaceError
from caviar.sampler.rounds import Round
from caviar.sampler.space.parameters import Float, Integer, Numeric, Parameter, Reach
from caviar.sampler.space.scales import LINEAR, SCALES
from caviar.sampler.space.space import SearchSpace

GROWTH = 0.25  # of the length of the range on its axis
DIGITS = 3, 6, 9, 12
SLACK = 1e-6  # of a step: what the digits of binary fractions may be off

Ranges = Mapping[str, tuple[float, float]]


def wider(parameter: Numeric, end: End) -> Numeric:
    """The parameter with that end a quarter of the range further out; itself where it cannot be.

    Never beyond its reach, and on a linear scale through no limit that means something: 0 for what
    was not negative, 1 for a share. What was above 0 stays above it.
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


def _moved(parameter: Numeric, end: End, wanted: float) -> float:
    """Where the end may move to, near to where it is wanted."""
    old, out = (parameter.low, -1) if end == "low" else (parameter.high, 1)
    if isinstance(parameter, Integer) and parameter.base is not None:
        power = old * parameter.base if out > 0 else max(old // parameter.base, 1)
        return power if parameter.reach.holds(power) else old
    limit, is_open = _limit(parameter, end)
    room, length = abs(limit - old), abs(wanted - old)
    step = getattr(parameter, "step", None) or (1 if isinstance(parameter, Integer) else None)
    if step is None:
        if length >= room:
            length = room / 2 if is_open else room
        return _written(old, old + out * length)
    steps = math.ceil(length / step - SLACK)
    if steps * step >= room:
        steps = math.ceil(room / step - SLACK) - 1 if is_open else math.floor(room / step + SLACK)
    return old + out * step * steps


def _limit(parameter: Numeric, end: End) -> tuple[float, bool]:
    """What the end may not move through, and whether it may not even come to it."""
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


def with_reaches(space: SearchSpace, reaches: Mapping[str, Reach]) -> SearchSpace:
    """The space whose ranges reach so far, and always to their own ends."""
    parameters: dict[str, Parameter] = dict(space.parameters)
    for name, reach in reaches.items():
        parameter = parameters[name]
        if isinstance(parameter, Numeric):
            own = _covering(reach, parameter.low, parameter.high)
            parameters[name] = replace(parameter, reach=own)
    return SearchSpace(parameters)


def _covering(reach: Reach, low: float, high: float) -> Reach:
    """A reach that holds both ends."""
    return Reach(
        low=min(reach.low, low),
        high=max(reach.high, high),
        low_open=reach.low_open and low > reach.low,
        high_open=reach.high_open and high < reach.high,
    )


def widened(space: SearchSpace, ranges: Ranges) -> SearchSpace:
    """The space with other ends for some of its parameters, whatever their reach says now."""
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
    """The space that a round's box and trials are of: the study's, or what it was widened to."""
    return widened(space, ranges_in(current))


def ranges_in(current: Round) -> dict[str, tuple[float, float]]:
    """Ends of ranges, where they are no longer those of the study."""
    ranges = current.model.get("ranges", {})
    return {name: (low, high) for name, (low, high) in ranges.items()}
