"""Checks of arguments from Python, whose errors name the argument and what it may be."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError

from caviar.service.contract.errors import FieldError, Invalid
from caviar.service.contract.field_errors import field_errors
from caviar.service.contract.scalars import plain_number


@contextmanager
def checked() -> Iterator[None]:
    """Turn the errors of a model into those of the contract.

    Raises:
        Invalid: names every field that is not valid.
    """
    try:
        yield
    except ValidationError as error:
        raise Invalid.of(*field_errors(error.errors())) from None


@contextmanager
def renamed(names: Mapping[str, str]) -> Iterator[None]:
    """Name fields in errors as the arguments that they came from.

    Args:
        names: the beginning of a field's path, such as `budget.`, and what stands for it.
    """
    try:
        yield
    except Invalid as error:
        if not error.errors:
            raise
        raise Invalid.of(*(_renamed(each, names) for each in error.errors)) from None


def _renamed(error: FieldError, names: Mapping[str, str]) -> FieldError:
    for beginning, name in names.items():
        if error.field.startswith(beginning):
            return FieldError(name + error.field.removeprefix(beginning), error.message)
    return error


def mapping(value: object, name: str) -> Mapping[str, Any]:
    """A mapping, such as a dict.

    Raises:
        Invalid: it is something else.
    """
    if not isinstance(value, Mapping):
        raise Invalid.field(name, f"must be a dict, not {type(value).__name__}")
    return value


def listed(values: object, name: str) -> list[Any]:
    """The members of a list, or of anything else that can be gone through but a text.

    Raises:
        Invalid: it has no members.
    """
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise Invalid.field(name, f"must be a list, not {type(values).__name__}")
    return list(values)


def whole(value: object, name: str, *, least: int) -> int:
    """A whole number.

    Raises:
        Invalid: it is something else, or too small.
    """
    plain = plain_number(value)
    if isinstance(plain, bool) or not isinstance(plain, int) or plain < least:
        raise Invalid.field(name, f"must be a whole number from {least}, not {value!r:.60}")
    return plain


def real(value: object, name: str, *, least: float) -> float:
    """A finite number.

    Raises:
        Invalid: it is something else, or too small.
    """
    plain = plain_number(value)
    if isinstance(plain, bool) or not isinstance(plain, int | float):
        raise Invalid.field(name, f"must be a number, not {value!r:.60}")
    if not (math.isfinite(plain) and plain >= least):
        raise Invalid.field(name, f"must be a finite number of at least {least:g}, not {plain}")
    return float(plain)
