"""The base classes of bodies, and the types of their fields."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
)

from caviar.service.contract import limits
from caviar.service.contract.errors import Invalid
from caviar.service.contract.field_errors import field_errors
from caviar.service.contract.patterns import SLUG, WORKER
from caviar.service.contract.scalars import finite_metrics, plain_number

MAX_DEPTH = 8
"""Lists and objects within each other in one setting."""

MAX_MEMBERS = 256
"""Values in one setting, with those in its lists and objects."""


def _bounded(value: list[Any] | dict[str, Any]) -> list[Any] | dict[str, Any]:
    """A list or an object of bounded size. Raises ValueError for any other."""
    level: list[Any] = [value]
    members = 0
    for _ in range(MAX_DEPTH + 1):
        members += len(level)
        if members > MAX_MEMBERS:
            raise ValueError(f"must have at most {MAX_MEMBERS} values within it")
        inner: list[Any] = []
        for member in level:
            if isinstance(member, dict):
                if not all(isinstance(name, str) for name in member):
                    raise ValueError("must have strings as the names in its objects")
                inner.extend(member.values())
            elif isinstance(member, list):
                inner.extend(member)
            elif isinstance(member, float) and not math.isfinite(member):
                raise ValueError("must have finite numbers only")
            elif member is not None and not isinstance(member, bool | int | float | str):
                raise ValueError(f"must be JSON, and has a {type(member).__name__} within it")
        if not inner:
            return value
        level = inner
    raise ValueError(f"must have at most {MAX_DEPTH} lists and objects within each other")


if TYPE_CHECKING:
    Setting: TypeAlias = JsonValue
else:
    # Lists and objects come first, so that the error about one of them is the first one, too.
    Nested = Annotated[list[Any] | dict[str, Any], AfterValidator(_bounded)]
    Setting = Nested | bool | int | float | str | None
"""The value of one parameter: a number, or any JSON that is one of its choices."""

Params = dict[str, Setting]
"""The value of each parameter, by name."""

Metrics = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=64)], float],
    Field(max_length=limits.METRICS),
    BeforeValidator(finite_metrics),
]
"""Finite numbers by metric name. Numbers of NumPy and the like are taken, and NaN is left out."""


def _whole(value: Any) -> Any:
    """1.0 as 1: JSON has one kind of number."""
    number = value if type(value) is int else plain_number(value)
    return int(number) if type(number) is float and number.is_integer() else number


Whole = Annotated[int, BeforeValidator(_whole)]
"""A whole number, which may be one of NumPy's."""

Real = Annotated[float, BeforeValidator(plain_number)]
"""A finite number, which may be one of NumPy's or PyTorch's."""

Slug = Annotated[str, Field(pattern=SLUG, examples=["digits"])]
"""A study's name and id: lower-case letters, digits, `-` and `_`, at most 64."""

WorkerName = Annotated[
    str, Field(min_length=1, max_length=128, pattern=WORKER, examples=["laptop-1"])
]


def example(body: Any) -> dict[str, Any]:
    """The `json_schema_extra` of a model: its example in the OpenAPI description."""
    return {"examples": [body]}


if TYPE_CHECKING:
    _Checked = BaseModel
else:

    class _Checks(type(BaseModel)):
        """Gives a body that is made in Python the contract's errors, which name the fields."""

        def __call__(cls, *given: Any, **fields: Any) -> Any:
            try:
                return super().__call__(*given, **fields)
            except ValidationError as error:
                raise Invalid.of(*field_errors(error.errors())) from None

    # Not by __init__, which pydantic would then call for each body within a body.
    class _Checked(BaseModel, metaclass=_Checks):
        pass


class Body(_Checked):
    """The body of a request: unknown fields are refused.

    What is made in Python raises Invalid where it is not valid.
    """

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Answer(BaseModel):
    """The body of an answer: unknown fields are ignored, so that older clients read it."""

    model_config = ConfigDict(extra="ignore", defer_build=True)
