"""Scales: how the unit interval maps onto a range.

A scale is the axis on which draws are uniform: x, log x, or -log(1 - x). Both directions are
monotone, exact at both ends, and stay within the range or the unit interval.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Scale:
    """An increasing axis and its inverse, for values strictly between `above` and `below`."""

    name: str
    to_axis: Callable[[float], float]
    from_axis: Callable[[float], float]
    above: float = -math.inf
    below: float = math.inf


class Span:
    """A scale restricted to the range [low, high]."""

    def __init__(self, scale: Scale, low: float, high: float) -> None:
        self._low, self._high = low, high
        self._to_axis, self._from_axis = scale.to_axis, scale.from_axis
        self._start = scale.to_axis(low)
        self._length = scale.to_axis(high) - self._start

    def to_unit(self, x: float) -> float:
        """The position of x between low (0.0) and high (1.0), clipped to [0, 1]."""
        if x <= self._low:
            return 0.0
        if x >= self._high:
            return 1.0
        if not self._length:  # the ends coincide on the axis
            return 0.5
        u = (self._to_axis(x) - self._start) / self._length
        return 0.0 if u < 0.0 else 1.0 if u > 1.0 else u

    def from_unit(self, u: float) -> float:
        """The value at u, clipped to the range; exactly low at 0 and high at 1."""
        if u <= 0:
            return self._low
        if u >= 1:
            return self._high
        x = self._from_axis(self._start + u * self._length)
        return self._low if x < self._low else self._high if x > self._high else x


def place_within(u: float, low: float, high: float) -> float:
    """The point of [low, high] at u, clipped to it; exactly low at 0 and high at 1."""
    return high if u >= 1 else min(max(low + u * (high - low), low), high)


def _identity(x: float) -> float:
    return x


def _to_reverse(x: float) -> float:
    """-log(1 - x), computed by log1p to keep precision near 0."""
    return -math.log1p(-x)


def _from_reverse(y: float) -> float:
    return -math.expm1(-y)


LINEAR = Scale(name="linear", to_axis=_identity, from_axis=_identity)

LOG = Scale(name="log", to_axis=math.log, from_axis=math.exp, above=0.0)
"""Log-uniform in x: every factor of ten has the same share."""

REVERSE_LOG = Scale(name="reverse_log", to_axis=_to_reverse, from_axis=_from_reverse, below=1.0)
"""Log-uniform in 1 - x, for values near 1. On [0.9, 0.999] half of the draws lie above 0.99.
1 / (1 - x), the number of steps that a momentum of x averages over, is log-uniform."""

SCALES = {scale.name: scale for scale in (LINEAR, LOG, REVERSE_LOG)}
