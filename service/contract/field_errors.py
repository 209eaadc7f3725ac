"""Field errors with plain messages, made from pydantic's validation errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caviar.service.contract.errors import FieldError
from caviar.service.contract.patterns import LINES, NO_NUL, ONE_LINE, SLUG, WORKER

# Parts of pydantic's locations that are not field names: the part of the request, the members of a
# union, and the tags of a discriminated union.
NOT_FIELDS = {"body", "query", "path", "header", "bool", "int", "float", "str", "none"}
UNIONS = ("function-", "union[", "list[", "dict[")
"""How pydantic's names of the other members of a union begin."""

TAGS = {"network", "external"}

PATTERNS = {
    SLUG: "must be at most 64 lower-case letters, digits, - and _, starting with a letter or digit",
    WORKER: "must consist of letters, digits and . _ : @ + -",
    ONE_LINE: "must be one line of text, without spaces at its ends",
    LINES: "must be text without control characters",
    NO_NUL: "must not contain a NUL character",
}


def field_errors(errors: Sequence[Any]) -> list[FieldError]:
    """The first error of each field, from the errors of a pydantic `ValidationError`."""
    by_field: dict[str, FieldError] = {}
    for error in errors:
        field = _field(error["loc"])
        if error["type"].startswith("union_tag"):
            field += ".kind"
        by_field.setdefault(field, FieldError(field, _message(error)))
    return list(by_field.values())


def _field(location: Sequence[str | int]) -> str:
    parts: list[str] = []
    for part in location:
        if isinstance(part, int):
            if parts:
                parts[-1] += f"[{part}]"
        elif (
            part in NOT_FIELDS
            or part.startswith(UNIONS)
            or (part in TAGS and parts == ["objective"])
        ):
            continue
        else:
            parts.append(part)
    return ".".join(parts) or "body"


def _message(error: Any) -> str:
    match error["type"]:
        case "extra_forbidden":
            return "unknown field: remove it or check the spelling"
        case "missing":
            return "is missing"
        case "string_pattern_mismatch":
            pattern = error["ctx"]["pattern"]
            return PATTERNS.get(pattern, f"must match {pattern}")
        case "string_too_short" | "too_short":
            return "must not be empty"
        case "string_too_long":
            return f"must have at most {error['ctx']['max_length']} characters"
        case "too_long":
            return f"must have at most {error['ctx']['max_length']} entries"
        case "union_tag_invalid" | "union_tag_not_found":
            return "must be one of network, external"
        case "dict_type" | "model_type" | "model_attributes_type" | "dict_attributes_type":
            return "must be an object"
    message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
    return f"must be {message}" if "Input should be " in error["msg"] else message
