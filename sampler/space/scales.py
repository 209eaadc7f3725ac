"""How the unit interval maps onto a range.

A scale is the axis on which its draws are uniform: x itself, log x, or -log(1 - x). Both
directions are exact at both ends, rise without a step back, and never leave the range or the unit
interval.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A rising axis and the way back from it, for values strictly between `above` and `below`."""

    name: str
    to_axis: Callable[[float], float]
    from_axis: Callable[[float], float]
    above: float = -math.inf
    below: float = math.inf


class Span:
    """A scale between two ends."""

    def __init__(self, scale: Scale, low: float, high: float) -> None:
        self._low, self._high = low, high
        self._to_axis, self._from_axis = scale.to_axis, scale.from_axis
        self._start = scale.to_axis(low)
        self._length = scale.to_axis(high) - self._start

    def to_unit(self, x: float) -> float:
        """Where x lies between low (0.0) and high (1.0); beyond an end, that end."""
        if x <= self._low:
            return 0.0
        if x >= self._high:
            return 1.0
        if not self._length:  # too narrow for the axis to tell its ends apart
            return 0.5
        u = (self._to_axis(x) - self._start) / self._length
        return 0.0 if u < 0.0 else 1.0 if u > 1.0 else u

    def from_unit(self, u: float) -> float:
        """The value at u: low at 0, high at 1, bit for bit; beyond an end, that end."""
        if u <= 0:
            return self._low
        if u >= 1:
            return self._high
        x = self._from_axis(self._start + u * self._length)
        return self._low if x < self._low else self._high if x > self._high else x


def place_within(u: float, low: float, high: float) -> float:
    """The place at u of an interval: low at 0, high at 1, bit for bit; beyond an end, that end."""
    return high if u >= 1 else min(max(low + u * (high - low), low), high)


def _itself(x: float) -> float:
    return x


def _log_of_rest(x: float) -> float:
    """-log(1 - x), by log1p: values near 0 keep their digits as well as values near 1."""
    return -math.log1p(-x)


def _rest_of_log(y: float) -> float:
    return -math.expm1(-y)


LINEAR = Scale(name="linear", to_axis=_itself, from_axis=_itself)

LOG = Scale(name="log", to_axis=math.log, from_axis=math.exp, above=0.0)
"""Log-uniform in x: every factor of ten gets the same share."""

REVERSE_LOG = Scale(name="reverse_log", to_axis=_log_of_rest, from_axis=_rest_of_log, below=1.0)
"""Log-uniform in 1 - x, for values near 1. On [0.9, 0.999] half of the draws lie above 0.99, and
1 / (1 - x), the number of steps that a momentum of x averages over, is log-uniform."""

SCALES = {scale.name: scale for scale in (LINEAR, LOG, REVERSE_LOG)}
