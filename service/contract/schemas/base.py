"""The base classes of bodies, and the types of their fields."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Setting = bool | int | float | str
"""The value of one parameter."""

Params = dict[str, Setting]
"""The value of each parameter, by name."""

Metrics = dict[Annotated[str, Field(min_length=1, max_length=64)], float]
"""Finite numbers by metric name."""

SLUG = r"^[a-z0-9][a-z0-9_-]{0,63}$"

Slug = Annotated[str, Field(pattern=SLUG, examples=["digits"])]
"""A study's name and id: lower-case letters, digits, `-` and `_`, at most 64."""

NO_NUL = r"^[^\x00]*$"
"""Text in PostgreSQL cannot contain a NUL character."""

WORKER = r"^[\w.:@+-]+$"

WorkerName = Annotated[
    str, Field(min_length=1, max_length=128, pattern=WORKER, examples=["laptop-1"])
]


def example(body: Any) -> dict[str, Any]:
    """The `json_schema_extra` of a model: its example in the OpenAPI description."""
    return {"examples": [body]}


class Body(BaseModel):
    """The body of a request: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Answer(BaseModel):
    """The body of an answer: unknown fields are ignored, so that older clients read it."""

    model_config = ConfigDict(extra="ignore")
