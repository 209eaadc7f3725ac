"""Reading a JSON body strictly: what a parser would quietly bend is refused instead."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from caviar.service.contract.errors import FieldError, Invalid


@dataclass(frozen=True)
class _Wrong:
    """Stands in a parsed value where something is wrong, so that its path can be told."""

    message: str


def read(path: Path) -> Any:
    """The value of a JSON file.

    Raises:
        Invalid: no such file, or what is wrong with its text; names the file or the field.
    """
    try:
        return parse(path.read_bytes(), name=str(path))
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}") from error


def parse(body: bytes, *, name: str = "the body") -> Any:
    """The value of a JSON text; `name` is what to call the text where it is wrong.

    Raises:
        Invalid: not JSON, a name twice in one object, NaN or infinity, nested too deep, a
            number too long, or text that is not Unicode; names the field where there is one.
    """
    met: list[_Wrong] = []
    wrong: list[FieldError] = []
    try:
        value = json.loads(
            body,
            object_pairs_hook=partial(_object, met),
            parse_constant=partial(_constant, met),
        )
        if met:  # only now: most bodies are right, and some are large
            wrong = [FieldError(path or "body", one.message) for path, one in _wrong(value)]
        elif b"\\ud" in body.lower():
            # Half of a surrogate pair is a str in Python but can never be stored or sent.
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError as error:
        raise Invalid(f"{name} is not valid Unicode text") from error
    except RecursionError as error:
        raise Invalid(f"{name} is nested too deep") from error
    except ValueError as error:
        raise Invalid(f"{name} is not valid JSON: {error}") from error
    if wrong:
        raise Invalid.of(*wrong)
    return value


def _object(met: list[_Wrong], pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                found[name] = _Wrong("stands twice in one object: keep one of them")
                met.append(found[name])
            seen.add(name)
    return found


def _constant(met: list[_Wrong], name: str) -> _Wrong:
    met.append(_Wrong(f"{name} is not a JSON number: send a finite number"))
    return met[-1]


def _wrong(value: Any, path: str = "") -> Iterator[tuple[str, _Wrong]]:
    """Whatever is wrong within a value, with the path to it."""
    if isinstance(value, _Wrong):
        yield path, value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _wrong(part, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _wrong(part, f"{path}[{place}]")
