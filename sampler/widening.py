"""A wider range, for elites that press against the end of the one they have."""

import math
from collections.abc import Mapping
from dataclasses import replace

from sampler.edges import End
from sampler.errors import SpaceError
from sampler.parameters import Integer, Parameter, Ranged
from sampler.scales import LINEAR, SCALES
from sampler.space import SearchSpace

GROWTH = 0.25  # of the length of the range on its axis

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
        if end == "low":
            return _with(parameter, low=scale.from_axis(start - grown), high=parameter.high)
        return _with(parameter, low=parameter.low, high=scale.from_axis(stop + grown))
    except (SpaceError, OverflowError):
        return parameter


def _with(parameter: Ranged, *, low: float, high: float) -> Ranged:
    if parameter.scale == LINEAR.name and parameter.low >= 0:
        low = max(low, 0.0)
        high = min(high, 1.0) if parameter.high <= 1 else high
    if isinstance(parameter, Integer) and parameter.base is not None:
        base = parameter.base
        low = parameter.low if low == parameter.low else max(parameter.low // base, 1)
        return replace(
            parameter, low=low, high=parameter.high * (base if high > parameter.high else 1)
        )
    step = getattr(parameter, "step", None) or (1 if isinstance(parameter, Integer) else None)
    if step is not None:
        down = math.ceil((parameter.low - low) / step) if parameter.low > low else 0
        up = math.ceil((high - parameter.high) / step) if high > parameter.high else 0
        low, high = parameter.low - down * step, parameter.high + up * step
        if parameter.low >= 0 and low < 0:
            low = parameter.low
    else:
        low = low if low == parameter.low else _round(low)
        high = high if high == parameter.high else _round(high)
    return replace(parameter, low=low, high=high)


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


def _round(x: float) -> float:
    """To three digits, which is what a person would write; of 1 - x near 1."""
    return 1 - float(f"{1 - x:.3g}") if 0.9 < x < 1 else float(f"{x:.3g}")
