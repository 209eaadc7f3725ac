"""Numbers, shares and durations as text: one format for the command, the server and the page."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

SIGNIFICANT_DIGITS = 4
MIN_FIXED, MAX_FIXED = 1e-4, 1e6  # outside of this interval numbers have an exponent
TOLD_APART = 500  # values of a range that have different texts, at least
NOISELESS_DIGITS = 9  # a number with at most so many, but for rounding noise, is that number
ROUNDING_NOISE = 1e-14  # of a number: what sums and logarithms add
BOUND_DIGITS = 12  # of ends and steps, which a person wrote
CHOICE_DIGITS = 4, 6, 9, 17  # of choices, the first that tell them apart
EXACT_INTEGER = 2**53  # in JavaScript, larger ones are rounded


def number(value: float, digits: int = SIGNIFICANT_DIGITS) -> str:
    """A number, rounded: 0.0312, 64, 123456, 3.2e-5, 1.235e6.

    The shortest text with at most so many significant digits. Whole numbers below a million are
    written in full. An exponent is written below 0.0001 and from a million on.
    """
    if not math.isfinite(value):
        return str(float(value))
    if abs(value) < MAX_FIXED and value == int(value):
        return str(int(value))
    text = f"{value:.{digits}g}"
    rounded = float(text)
    if MIN_FIXED <= abs(rounded) < MAX_FIXED:
        return str(int(rounded)) if rounded == int(rounded) else text
    mantissa, _, exponent = f"{rounded:.{digits - 1}e}".partition("e")
    short = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{short}e{int(exponent)}"


def digits_apart(values: Iterable[float | None]) -> int:
    """How many significant digits tell different values of a table apart, from four to nine."""
    distinct = {value for value in values if value is not None}
    for digits in range(SIGNIFICANT_DIGITS, NOISELESS_DIGITS):
        if len({number(value, digits) for value in distinct}) == len(distinct):
            return digits
    return NOISELESS_DIGITS


def setting(value: object, spec: Mapping[str, Any] | None = None) -> str:
    """A parameter's value, with the digits that tell it from others of its range.

    A number of a range has as many digits as tell TOLD_APART values of the range apart, and at
    least four; ends and steps are written as they are, whole numbers in full. On a `reverse_log`
    scale they are the digits of 1 - x: 0.99987. A choice is written as in JSON, but a string
    without quotes. Without the parameter's spec, a value above 0.999 has the digits of 1 - x.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _json(value)
    if spec is not None and ("choices" in spec or "value" in spec):
        return _choice(value, spec)
    if spec is not None and spec.get("type") == "int" and value == int(value):
        return str(int(value))
    return number(value, _digits(float(value), spec))


def texts_of(space: Mapping[str, Any]) -> dict[str, list[str]]:
    """The texts of choices that a page cannot write by itself, by parameter, in their order.

    JavaScript cannot tell 1.0 from 1, and rounds integers from 2**53 on.
    """
    texts: dict[str, list[str]] = {}
    for name, spec in space.items():
        choices = spec.get("choices", [spec["value"]] if "value" in spec else [])
        if any(map(_is_lost, choices)):
            texts[name] = [setting(choice, spec) for choice in choices]
    return texts


def noiseless(value: float) -> float:
    """A float without the rounding noise of binary fractions: 0.010000000000000004 is 0.01."""
    if not math.isfinite(value):
        return value
    short = float(f"{value:.{NOISELESS_DIGITS}g}")
    return short if abs(short - value) <= ROUNDING_NOISE * abs(value) else value


def _digits(value: float, spec: Mapping[str, Any] | None) -> int:
    """How many significant digits a number of a range has."""
    scale = "unknown" if spec is None else spec.get("scale", "linear")
    if not math.isfinite(value) or value == 0:
        return SIGNIFICANT_DIGITS
    magnitude = _magnitude(value)
    digits = SIGNIFICANT_DIGITS
    if {"reverse_log": 0.9, "unknown": 0.999}.get(scale, 1.0) < value < 1:
        digits = magnitude + SIGNIFICANT_DIGITS - _magnitude(1 - value)
    if spec is None or "low" not in spec:
        return digits
    if value in (spec["low"], spec["high"]) or spec.get("step"):
        return max(digits, BOUND_DIGITS)
    length = _length(value, spec["low"], spec["high"], scale)
    if not 0 < length < math.inf:
        return digits
    decimals = math.ceil(math.log10(TOLD_APART / length) - 1e-9)
    return max(digits, min(magnitude + 1 + decimals, BOUND_DIGITS))


def _length(value: float, low: float, high: float, scale: str) -> float:
    """The length of a range as it appears at a value: on a log scale, in proportion to it."""
    if scale == "log":
        return value * math.log(high / low) if 0 < low < high and value > 0 else 0.0
    if scale == "reverse_log":
        return (1 - value) * math.log((1 - low) / (1 - high)) if low < high < 1 > value else 0.0
    return high - low


def _magnitude(value: float) -> int:
    """The exponent of a number's first digit: 2 of 123."""
    return int(f"{value:.16e}".partition("e")[2])


def _choice(value: float, spec: Mapping[str, Any]) -> str:
    """A number as its author wrote it; a long one with the digits that tell choices apart."""
    if isinstance(value, int) or _is_short(value):
        return _plain(value)
    others = [choice for choice in spec.get("choices", ()) if isinstance(choice, float)]
    for digits in CHOICE_DIGITS:
        if len({number(other, digits) for other in others}) == len(others):
            return number(value, digits)
    return _plain(value)


def _is_short(value: float) -> bool:
    short = noiseless(value)
    return short == float(f"{short:.{NOISELESS_DIGITS}g}")


def _plain(value: float) -> str:
    """A number with all of its digits, but without rounding noise: 1.0, 0.01, 1e-5."""
    if isinstance(value, int):
        return str(value)
    mantissa, e, exponent = repr(noiseless(value)).partition("e")
    return f"{mantissa}e{int(exponent)}" if e else mantissa


def _json(value: object) -> str:
    """A value as in JSON, on one line."""
    if isinstance(value, Mapping):
        members = (f"{json.dumps(k, ensure_ascii=False)}: {_json(v)}" for k, v in value.items())
        return f"{{{', '.join(members)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_json, value))}]"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _plain(value)
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _is_lost(choice: object) -> bool:
    """Whether JavaScript writes a choice, or a number within it, in another way."""
    if isinstance(choice, Mapping):
        return any(map(_is_lost, choice.values()))
    if isinstance(choice, list):
        return any(map(_is_lost, choice))
    if isinstance(choice, float):
        return choice.is_integer()
    return isinstance(choice, int) and abs(choice) >= EXACT_INTEGER


def percent(share: float, *, decimals: int = 2) -> str:
    """A share as a percentage: 0.0312 is 3.12 %, without decimals 3 %.

    A share too small for the decimals keeps one digit, so that only 0 is written as 0.
    """
    digits = f".{decimals}f" if share == 0 or 100 * share >= 10**-decimals else ".1g"
    return f"{100 * share:{digits}} %"


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
