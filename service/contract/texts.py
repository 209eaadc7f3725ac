"""Texts of bounded length, and texts that are safe to show."""

from __future__ import annotations

import re


def keep_end(text: str, characters: int) -> str:
    """A text, cut from the front to so many characters, with an ellipsis for what is missing.

    What an exception says stands at the end of its traceback.
    """
    return text if len(text) <= characters else "…" + text[1 - characters :]


def keep_start(text: str, characters: int) -> str:
    """A text, cut at its end to so many characters, with an ellipsis for what is missing."""
    return text if len(text) <= characters else text[: characters - 1] + "…"


_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What a terminal would obey, but for tabs and line feeds: escapes, and the direction of text."""


def visible(text: str) -> str:
    """A text that a terminal shows and does not obey: its control characters are pictures."""
    return _CONTROLS.sub(_picture, text) if _CONTROLS.search(text) else text


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)  # ␛ for escape
    return "\u2421" if code == 0x7F else "\ufffd"
