"""A strict JSON parser: duplicate keys, NaN and unpaired surrogates are refused."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from caviar.service.contract.errors import FieldError, Invalid


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


def parse(body: bytes, *, name: str = "the body") -> Any:
    """Parse a JSON text; messages call it `name`.

    Raises:
        Invalid: the text is not JSON or not Unicode, is nested too deeply, or has a duplicate key,
            NaN, infinity or a number that is too long; names the field where there is one.
    """
    defects: list[_Defect] = []
    errors: list[FieldError] = []
    try:
        value = json.loads(
            body,
            object_pairs_hook=partial(_object, defects),
            parse_constant=partial(_constant, defects),
        )
        if defects:  # most bodies have none, and finding the paths in a large body is slow
            errors = [FieldError(path or "body", defect.message) for path, defect in _walk(value)]
        elif b"\\ud" in body.lower():
            # A Python str may hold an unpaired surrogate, which cannot be stored or sent.
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError as error:
        raise Invalid(f"{name} is not valid Unicode text") from error
    except RecursionError as error:
        raise Invalid(f"{name} is nested too deeply") from error
    except ValueError as error:
        raise Invalid(f"{name} is not valid JSON: {error}") from error
    if errors:
        raise Invalid.of(*errors)
    return value


def _object(defects: list[_Defect], pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object from its members; a duplicate key has a defect as its value."""
    members = dict(pairs)
    if len(members) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        for name in members:
            if counts[name] > 1:
                members[name] = _Defect("duplicate key")
                defects.append(members[name])
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
