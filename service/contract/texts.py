"""Texts of bounded length."""

from __future__ import annotations


def keep_end(text: str, characters: int) -> str:
    """A text, cut from the front to so many characters, with an ellipsis for what is missing.

    What an exception says stands at the end of its traceback.
    """
    return text if len(text) <= characters else "…" + text[1 - characters :]


def keep_start(text: str, characters: int) -> str:
    """A text, cut at its end to so many characters, with an ellipsis for what is missing."""
    return text if len(text) <= characters else text[: characters - 1] + "…"
