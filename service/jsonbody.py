"""Reading a JSON body strictly: what a parser would quietly bend is refused instead."""

from __future__ import annotations

import json
from typing import Any

from service.errors import Invalid


def parse(body: bytes) -> Any:
    """The value of a JSON text.

    Raises:
        Invalid: not JSON, a name twice in one object, NaN or infinity, nested too deep, a
            number too long, or text that is not Unicode.
    """
    try:
        value = json.loads(body, object_pairs_hook=_no_name_twice, parse_constant=_no_constant)
        if b"\\ud" in body.lower():
            # Half of a surrogate pair is a str in Python but can never be stored or sent.
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError as error:
        raise Invalid("the body is not valid Unicode text") from error
    except RecursionError as error:
        raise Invalid("the body is nested too deep") from error
    except ValueError as error:
        raise Invalid(f"the body is not valid JSON: {error}") from error
    return value


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise Invalid.field(name, "stands twice in one object: keep one of them")
            seen.add(name)
    return found


def _no_constant(name: str) -> Any:
    raise Invalid(f"{name} is not a JSON number: send a finite number")
