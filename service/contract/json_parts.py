"""Large JSON texts parsed part by part, so that other threads go on meanwhile.

The parser of the standard library holds the interpreter from the first to the last character of a
text. Here it reads one item of a list at a time, which may have PART characters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from caviar.service.contract import limits

PART = limits.BODY_BYTES
"""The most characters of one item, and of a value that is no list."""

_SPACES = re.compile(r"[ \t\n\r]*")


def loads(
    text: str,
    *,
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any],
    parse_constant: Callable[[str], Any],
) -> Any:
    """The value of a text, as json.loads reads it.

    Raises ValueError if the text is not JSON or one of its parts is too large, and RecursionError.
    """
    if len(text) <= PART:
        return json.loads(text, object_pairs_hook=object_pairs_hook, parse_constant=parse_constant)
    decoder = json.JSONDecoder(object_pairs_hook=object_pairs_hook, parse_constant=parse_constant)
    return _Parts(text, decoder, object_pairs_hook).whole()


class _Parts:
    """A text, and the window of it that the parser sees."""

    def __init__(
        self,
        text: str,
        decoder: json.JSONDecoder,
        hook: Callable[[list[tuple[str, Any]]], Any],
    ) -> None:
        self._text = text
        self._scan = decoder.raw_decode
        self._hook = hook
        self._window, self._start = "", 0

    def whole(self) -> Any:
        value, end = self._value(self._skip(0))
        if self._skip(end) < len(self._text):
            raise ValueError(f"more than one value, at character {end}")
        return value

    def _value(self, at: int) -> tuple[Any, int]:
        """The value that begins here, and where it ends; its items are read one by one."""
        match self._text[at : at + 1]:
            case "[":
                return self._list(at)
            case "{":
                return self._object(at)
        return self._part(at)

    def _list(self, at: int) -> tuple[list[Any], int]:
        items: list[Any] = []
        at = self._skip(at + 1)
        while not self._is("]", at):
            if items:
                at = self._after(",", at)
            item, at = self._part(at)
            items.append(item)
            at = self._skip(at)
        return items, at + 1

    def _object(self, at: int) -> tuple[Any, int]:
        members: list[tuple[str, Any]] = []
        at = self._skip(at + 1)
        while not self._is("}", at):
            if members:
                at = self._after(",", at)
            if not self._is('"', at):
                raise ValueError(f"a name is due at character {at}")
            name, at = self._part(at)
            at = self._after(":", self._skip(at))
            value, at = self._list(at) if self._is("[", at) else self._part(at)
            members.append((name, value))
            if len(members) > limits.BODY_NAMES:
                raise ValueError(f"an object has more than {limits.BODY_NAMES:,} names")
            at = self._skip(at)
        return self._hook(members), at + 1

    def _part(self, at: int) -> tuple[Any, int]:
        """The value that begins here, within one window."""
        if at < self._start + len(self._window):
            try:
                value, end = self._scan(self._window, at - self._start)
            except ValueError:
                pass  # cut off by the window's end, or wrong: the next window tells
            else:
                if end < len(self._window) or self._is_last():
                    return value, self._start + end
        self._window, self._start = self._text[at : at + PART], at
        try:
            value, end = self._scan(self._window, 0)
        except ValueError as error:
            size = "" if self._is_last() else f", or a part has more than {PART:,} characters"
            raise ValueError(f"{error}, from character {at} on{size}") from None
        if end == len(self._window) and not self._is_last():
            raise ValueError(f"a part has more than {PART:,} characters, from character {at} on")
        return value, at + end

    def _is_last(self) -> bool:
        return self._start + len(self._window) >= len(self._text)

    def _skip(self, at: int) -> int:
        match = _SPACES.match(self._text, at)
        assert match is not None  # it may be empty
        return match.end()

    def _is(self, character: str, at: int) -> bool:
        return self._text[at : at + 1] == character

    def _after(self, character: str, at: int) -> int:
        if not self._is(character, at):
            raise ValueError(f"{character!r} is due at character {at}")
        return self._skip(at + 1)
