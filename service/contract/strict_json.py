"""A strict JSON parser of bounded cost: duplicate keys, NaN and lone surrogates are refused."""

from __future__ import annotations

import codecs
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from caviar.service.contract import json_parts, limits
from caviar.service.contract.errors import MAX_ERRORS, FieldError, Invalid


@dataclass(frozen=True)
class _Defect:
    """Takes the place of a value that is not valid, so that its path can be found later."""

    message: str


def read(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        Invalid: the file cannot be read or its text is not valid; names the file or the field.
    """
    try:
        return parse(path.read_bytes(), name=str(path))
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}") from error


def parse(
    body: bytes, *, name: str = "the body", max_values: int = limits.ITEMS_BODY_VALUES
) -> Any:
    """Parse a JSON text; messages call it `name`.

    Raises:
        Invalid: the text is not JSON or not UTF-8, is nested too deeply, has too many values, or
            has a duplicate key, NaN, infinity or a number that is too long; names the field where
            there is one.
    """
    _check_count(body, name, max_values)
    defects: list[_Defect] = []
    errors: list[FieldError] = []
    try:
        # Without an encoding, json guesses one, and takes surrogates as bytes.
        value = json_parts.loads(
            body.removeprefix(codecs.BOM_UTF8).decode(),
            object_pairs_hook=partial(_object, defects),
            parse_constant=partial(_constant, defects),
        )
        if b"\\ud" in body or b"\\uD" in body:
            # A Python str may hold an unpaired surrogate, which cannot be stored or sent.
            json.dumps(value, ensure_ascii=False, default=str).encode()
        if defects:  # most bodies have none, and finding the paths in a large body is slow
            found = islice(_walk(value), MAX_ERRORS)
            errors = [FieldError(path or "body", defect.message) for path, defect in found]
    except UnicodeError as error:
        raise Invalid(f"{name} is not valid Unicode text in UTF-8") from error
    except RecursionError as error:
        raise Invalid(f"{name} is nested too deeply") from error
    except ValueError as error:
        raise Invalid(f"{name} is not valid JSON: {error}") from error
    if errors:
        raise Invalid.of(*errors, more=len(defects) - len(errors))
    if body.count(b"[") + body.count(b"{") > limits.BODY_DEPTH:
        _check_depth(value, name)
    return value


def _check_count(body: bytes, name: str, max_values: int) -> None:
    """Refuse a text before it becomes objects, which take up to 100 times its bytes."""
    if len(body) <= max_values:
        return
    if body.count(b",") + body.count(b"[") + body.count(b"{") > max_values:
        raise Invalid(f"{name} has more than {max_values:,} values: send fewer at a time")


def _check_depth(value: Any, name: str) -> None:
    level = [value]
    for _ in range(limits.BODY_DEPTH):
        level = [
            member
            for outer in level
            for member in (outer.values() if type(outer) is dict else outer)
            if type(member) is dict or type(member) is list
        ]
        if not level:
            return
    raise Invalid(
        f"{name} is nested too deeply: it may have {limits.BODY_DEPTH} lists and objects within "
        "each other"
    )


def _object(defects: list[_Defect], pairs: list[tuple[str, Any]]) -> Any:
    """An object from its members; a duplicate key has a defect as its value."""
    members = dict(pairs)
    if len(members) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        for name in members:
            if counts[name] > 1:
                members[name] = _Defect("duplicate key")
                defects.append(members[name])
    if len(members) > limits.BODY_NAMES:
        defects.append(_Defect(f"has more than {limits.BODY_NAMES:,} names"))
        return defects[-1]
    return members


def _constant(defects: list[_Defect], name: str) -> _Defect:
    """A defect in place of NaN or infinity."""
    defects.append(_Defect(f"{name} is not a JSON number: send a finite number"))
    return defects[-1]


def _walk(value: Any, path: str = "") -> Iterator[tuple[str, _Defect]]:
    """The defects within a value, with their paths."""
    if isinstance(value, _Defect):
        yield path, value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from _walk(member, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(item, f"{path}[{index}]")
