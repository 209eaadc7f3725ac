"""Round numbers along a logarithmic axis, and numbers as people write them."""

from __future__ import annotations

import html
import math
from typing import Any, TypeAlias

from caviar.service.contract.schemas import Setting

Ticks: TypeAlias = list[tuple[float, str]]
"""Where the ticks are, and what they say."""


def log_ticks(low: float, high: float) -> Ticks:
    """Ticks of a log axis from low to high: 1, 2, 5 in each decade if they are few, else powers
    of ten, else some of these; the ends when nothing round lies between them.
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    powers = [_decimal(1, e) for e in range(first, last + 1)]
    finer = [_decimal(digit, e) for e in range(first, last + 1) for digit in (1, 2, 5)]
    slack = 1e-9
    inside = [x for x in finer if low * (1 - slack) <= x <= high * (1 + slack)]
    if len(inside) > 6:
        inside = [x for x in powers if x in inside]
    inside = inside[:: math.ceil(len(inside) / 7)] if inside else []
    return [(x, plain(x)) for x in (inside if len(inside) > 1 else (low, high))]


def _decimal(digit: int, exponent: int) -> float:
    return float(f"{digit}e{exponent}")  # parsed, so that 0.001 is 0.001 and not 1 / 1000.0…


def power_ticks(low: float, high: float, base: float) -> Ticks:
    """Ticks at powers of a base: 16, 32, 64 …; every other one when they are many."""
    first, last = math.ceil(_log_to(base, low) - 1e-9), math.floor(_log_to(base, high) + 1e-9)
    powers = [float(base) ** exponent for exponent in range(first, last + 1)]
    if len(powers) < 2:
        return log_ticks(low, high)
    return [(x, plain(x)) for x in powers[:: math.ceil(len(powers) / 7)]]


def _log_to(base: float, x: float) -> float:
    return math.log(x) / math.log(base)


def plain(x: float) -> str:
    """A tick's number as a person writes it: 0.01, 128, 1e-4, 0.999."""
    if x and not 0.001 <= abs(x) < 1e6:
        mantissa, exponent = f"{x:.3e}".split("e")
        return f"{float(mantissa):g}e{int(exponent)}"
    return f"{x:.10g}"


def setting_text(value: Setting, spec: dict[str, Any]) -> str:
    """A parameter's value to the digits that matter on its scale: 0.9987, 0.00032, relu."""
    if isinstance(value, bool) or not isinstance(value, float):
        return html.escape(str(value), quote=False)
    if spec.get("scale") == "reverse_log" and value < 1:
        places = 1 - math.floor(math.log10(1.0 - value) + 1e-9)
        return f"{round(value, max(1, places)):.12g}"
    return f"{value:.3g}"
