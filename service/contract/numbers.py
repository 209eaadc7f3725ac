"""Numbers, shares and durations as text: one format for the command, the server and the page."""

from __future__ import annotations

import math

SIGNIFICANT_DIGITS = 4
MIN_FIXED, MAX_FIXED = 1e-4, 1e6  # outside of this interval numbers have an exponent


def number(value: float) -> str:
    """A number, rounded: 0.0312, 64, 123456, 3.2e-5, 1.235e6.

    The shortest text with at most four significant digits. Whole numbers below a million are
    written in full. An exponent is written below 0.0001 and from a million on.
    """
    if not math.isfinite(value):
        return str(float(value))
    if abs(value) < MAX_FIXED and value == int(value):
        return str(int(value))
    text = f"{value:.{SIGNIFICANT_DIGITS}g}"
    rounded = float(text)
    if MIN_FIXED <= abs(rounded) < MAX_FIXED:
        return str(int(rounded)) if rounded == int(rounded) else text
    mantissa, _, exponent = f"{rounded:.{SIGNIFICANT_DIGITS - 1}e}".partition("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def setting(value: object, scale: str | None = None) -> str:
    """A parameter's value: a number as `number` writes it, true, false, or a choice's own text.

    A value close to 1 on a `reverse_log` scale keeps as many digits as 1 - x needs: 0.99987. So
    does a value above 0.999 whose scale is not given.
    """
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, int | float):
        return str(value)
    close = {"reverse_log": 0.9, None: 0.999}.get(scale, 1.0)
    if close < value < 1:
        places = SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(1 - value))
        return f"{round(value, places)!r}".removesuffix(".0")
    return number(value)


def percent(share: float) -> str:
    """A share as a percentage: 0.0312 is 3.12 %."""
    return f"{100 * share:.2f} %"


def duration(seconds: float) -> str:
    """A time span: 0.8 s, 42 s, 3 min 20 s, 2 h 5 min, 3 d 4 h."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 86_400:
        return f"{whole // 3_600} h {whole % 3_600 // 60} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3_600} h"
