"""Ticks: round numbers and their labels."""

from __future__ import annotations

import math
from typing import TypeAlias

from caviar.service.contract.numbers import BOUND_DIGITS, number

Ticks: TypeAlias = list[tuple[float, str]]
"""Positions of ticks and their labels."""

WHOLE_TICKS = 8
"""Ticks of an axis of whole numbers at most."""


def log_ticks(low: float, high: float) -> Ticks:
    """Ticks of a log axis from low to high.

    They are at 1, 2 and 5 in each decade if that makes at most six, else at powers of ten, else at
    every nth of these; at both ends if the range has fewer than two round numbers.
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    powers = [_decimal(1, e) for e in range(first, last + 1)]
    finer = [_decimal(digit, e) for e in range(first, last + 1) for digit in (1, 2, 5)]
    slack = 1e-9
    inside = [x for x in finer if low * (1 - slack) <= x <= high * (1 + slack)]
    if len(inside) > 6:
        inside = [x for x in powers if x in inside]
    inside = inside[:: math.ceil(len(inside) / 7)] if inside else []
    if len(inside) > 1:
        return [(x, number(x)) for x in inside]
    return [(x, number(x, BOUND_DIGITS)) for x in (low, high)]


def _decimal(digit: int, exponent: int) -> float:
    return float(f"{digit}e{exponent}")  # parsed, so that 0.001 is 0.001 and not 1 / 1000.0…


def power_ticks(low: float, high: float, base: float) -> Ticks:
    """Ticks at powers of a base: 16, 32, 64 …; every other one when they are many."""
    first, last = math.ceil(_log_to(base, low) - 1e-9), math.floor(_log_to(base, high) + 1e-9)
    powers = [float(base) ** exponent for exponent in range(first, last + 1)]
    if len(powers) < 2:
        return log_ticks(low, high)
    return [(x, number(x)) for x in powers[:: math.ceil(len(powers) / 7)]]


def _log_to(base: float, x: float) -> float:
    return math.log(x) / math.log(base)


def whole_ticks(last: int) -> dict[str, int]:
    """The layout of an axis of whole numbers from 0 to `last`: no tick lies between two numbers."""
    return {"dtick": 1} if last < WHOLE_TICKS else {"nticks": WHOLE_TICKS}
