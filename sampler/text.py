"""Pieces of text for messages and reasons: each is short, printable and on one line."""

import difflib
import json
import math
from collections.abc import Iterable, Mapping, Sequence

MAX_QUOTED = 40  # characters of a quoted string
MAX_LABEL = 64  # characters of a name in a path
SIGNIFICANT_DIGITS = 4
NOISELESS_DIGITS = 9  # a number with at most so many, but for rounding noise, is that number
ROUNDING_NOISE = 1e-14  # of a number: what sums and logarithms add
MIN_FIXED, MAX_FIXED = 1e-4, 1e6  # outside of this interval numbers have an exponent

_KINDS: dict[type, str] = {dict: "an object", list: "a list", tuple: "a list"}


def shown(value: object) -> str:
    """A JSON value as its author wrote it, cut if it is long; an object by its kind."""
    if isinstance(value, str):
        short = value if len(value) <= MAX_QUOTED else value[:MAX_QUOTED] + "…"
        return json.dumps(short, ensure_ascii=not short.isprintable())
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**64:
        return "a huge number"
    if isinstance(value, float) and math.isfinite(value):
        return _short_exponent(repr(noiseless(value)))
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    return _KINDS.get(type(value), type(value).__name__)


def choice_text(value: object) -> str:
    """A choice as in JSON, cut if it is long: `"adam"`, `null`, `[64, 32]`."""
    if not isinstance(value, list | tuple | Mapping):
        return shown(value)
    try:
        text = _json(value)
    except RecursionError:
        return shown(value)
    short = text if len(text) <= MAX_QUOTED else text[:MAX_QUOTED] + "…"
    return short if short.isprintable() else json.dumps(short)


def _json(value: object) -> str:
    """A value as in JSON, on one line."""
    if isinstance(value, Mapping):
        members = (f"{_json(name)}: {_json(member)}" for name, member in value.items())
        return f"{{{', '.join(members)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_json, value))}]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else shown(value)


def label(name: object) -> str:
    """A name for use in a path: itself when it is short and printable, else as `shown`."""
    plain = isinstance(name, str) and 0 < len(name) <= MAX_LABEL and name.isprintable()
    return str(name) if plain else shown(name)


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """`; did you mean x?` when a known name is close, else nothing."""
    if not isinstance(name, str):
        return ""
    close = difflib.get_close_matches(name[:MAX_LABEL], list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def spelling_hint(name: object, known: Iterable[str]) -> str:
    """What to do about an unknown name: the known name that is close, or general advice."""
    return did_you_mean(name, known) or ": remove it or check the spelling"


def listed(items: Sequence[str], *, word: str = "and") -> str:
    """`a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"


def counted(count: int, noun: str) -> str:
    """`1 trial`, `2 trials`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def number(value: float, digits: int = SIGNIFICANT_DIGITS) -> str:
    """A number for people to read, rounded: 0.0312, 64, 123456, 3.2e-5, 1.235e6.

    The shortest text with at most so many significant digits. Whole numbers below a million are
    written in full. An exponent is written below 0.0001 and from a million on.
    """
    if not math.isfinite(value):
        return str(float(value))
    if abs(value) < MAX_FIXED and value == int(value):
        return str(int(value))
    text = f"{value:.{digits}g}"
    if MIN_FIXED <= abs(float(text)) < MAX_FIXED:
        rounded = float(text)
        return str(int(rounded)) if rounded == int(rounded) else text
    return _short_exponent(text)


def is_short(value: float) -> bool:
    """Whether a number has few digits, so that it is written with all of them."""
    short = noiseless(value)
    return short == float(f"{short:.{NOISELESS_DIGITS}g}")


def exact(value: float) -> str:
    """A number with all of its digits, for a bound that a person wrote: 1234.5, 1, 1e-5."""
    return _short_exponent(repr(float(value)).removesuffix(".0"))


def noiseless(value: float) -> float:
    """A float without the rounding noise of binary fractions: 0.010000000000000004 is 0.01."""
    if not math.isfinite(value):
        return value
    short = float(f"{value:.{NOISELESS_DIGITS}g}")
    return short if abs(short - value) <= ROUNDING_NOISE * abs(value) else value


def _short_exponent(text: str) -> str:
    """`1e-05` as `1e-5`, `1e+06` as `1e6`."""
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else mantissa
