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

    def to_unit(self, x: float, low: float, high: float) -> float:
        """Where x lies between low (0.0) and high (1.0); beyond an end, that end."""
        if x <= low:
            return 0.0
        if x >= high:
            return 1.0
        start, end = self.to_axis(low), self.to_axis(high)
        if start == end:  # the range is too narrow for the axis to tell its ends apart
            return 0.5
        return min(max((self.to_axis(x) - start) / (end - start), 0.0), 1.0)

    def from_unit(self, u: float, low: float, high: float) -> float:
        """The value at u: low at 0, high at 1, bit for bit; beyond an end, that end."""
        if u <= 0:
            return low
        if u >= 1:
            return high
        start, end = self.to_axis(low), self.to_axis(high)
        return min(max(self.from_axis(start + u * (end - start)), low), high)


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
