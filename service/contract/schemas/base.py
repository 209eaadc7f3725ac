"""What every body is made of: strict ones that come in, plain ones that go out."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Setting = bool | int | float | str
"""A value of a parameter."""

Metrics = dict[Annotated[str, Field(min_length=1, max_length=64)], float]
"""Finite numbers by metric name."""

SLUG = r"^[a-z0-9][a-z0-9_-]{0,63}$"

Slug = Annotated[str, Field(pattern=SLUG, examples=["digits"])]
"""A study's name and id: lower-case letters, digits, `-` and `_`, at most 64."""

NO_NUL = r"^[^\x00]*$"
"""PostgreSQL's text cannot hold a NUL."""

WORKER = r"^[\w.:@+-]+$"

WorkerName = Annotated[
    str, Field(min_length=1, max_length=128, pattern=WORKER, examples=["laptop-1"])
]


def example(body: Any) -> dict[str, Any]:
    """A model's example, for the description of the API."""
    return {"examples": [body]}


class Body(BaseModel):
    """A body that comes in."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Answer(BaseModel):
    """A body that goes out."""

    model_config = ConfigDict(extra="ignore")
