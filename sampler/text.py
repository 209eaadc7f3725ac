"""Small pieces of plain language for messages and reasons. Any input gives a short, safe text."""

import difflib
import json
from collections.abc import Iterable, Sequence

_LONGEST = 40
_KINDS: dict[type, str] = {dict: "an object", list: "a list", tuple: "a list"}


def shown(value: object) -> str:
    """A value as its author would recognize it: short, on one line, in JSON's spelling."""
    if isinstance(value, str):
        short = value if len(value) <= _LONGEST else value[:_LONGEST] + "…"
        return json.dumps(short, ensure_ascii=not short.isprintable())
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**64:
        return "a huge number"
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    return _KINDS.get(type(value), type(value).__name__)


def label(name: object) -> str:
    """A name for use in a path: itself when it is short and printable, else its shown form."""
    plain = isinstance(name, str) and 0 < len(name) <= 64 and name.isprintable()
    return str(name) if plain else shown(name)


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """`; did you mean x?` when a known name is close, else nothing."""
    if not isinstance(name, str):
        return ""
    close = difflib.get_close_matches(name[:64], list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def listed(items: Sequence[str], *, word: str = "and") -> str:
    """`a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"


def decimal(x: float) -> str:
    """A number in full, with no more digits than it takes."""
    texts = (f"{x:.{digits}g}" for digits in (12, 15))
    return next((text for text in texts if float(text) == x), f"{x:.17g}")


def counted(count: int, noun: str) -> str:
    """`1 trial`, `2 trials`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
