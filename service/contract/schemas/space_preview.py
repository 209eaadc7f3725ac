"""Previews of search spaces: where draws fall, example params, warnings."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from caviar.service.contract.schemas.base import Answer, Body, Params, Setting, Whole, example
from caviar.service.contract.schemas.definition import DIGITS, SamplerOptions
from caviar.service.contract.schemas.enqueue import PARAMS
from caviar.service.contract.schemas.readings import Advice

DECADES = {
    "of": "1 - x",
    "shares": [
        {"low": 0.001, "high": 0.01, "share": 0.5},
        {"low": 0.01, "high": 0.1, "share": 0.5},
    ],
}
PARAMETER_PREVIEW = {
    "type": "float",
    "scale": "reverse_log",
    "active": 1.0,
    "decades": DECADES,
    "histogram": {"axis": "reverse_log", "edges": [0.9, 0.99, 0.999], "shares": [0.5, 0.5]},
}


class SpaceBody(Body):
    """A space to preview before anything is trained."""

    model_config = ConfigDict(json_schema_extra=example({"space": DIGITS["space"]}))

    space: dict[str, Any]
    seed: Whole = Field(0, ge=0, le=2**63 - 1)
    sampler: SamplerOptions | None = Field(
        None,
        description="With a sampler, the examples are the first trials of a study with it. Trials "
        "after its first round are drawn as if no trial had a result.",
    )


class Decade(Answer):
    """A power of ten, and the share of draws within it."""

    low: float
    high: float
    share: float


class Decades(Answer):
    """The share of draws in each power of ten of `of`: x or 1 - x."""

    of: str
    shares: list[Decade]


class Histogram(Answer):
    """The share of draws of each value, or between edges on the parameter's scale."""

    values: list[Setting] | None = None
    axis: str | None = None
    edges: list[float] | None = None
    shares: list[float]


class ParameterPreview(Answer):
    """Where a parameter's draws fall, in the trials where it is active."""

    type: str
    scale: str | None
    active: float = Field(description="The share of trials in which it is active.")
    decades: Decades | None
    histogram: Histogram


class SpacePreview(Answer):
    """Where the draws of a space fall, example params, and warnings."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "parameters": {"momentum": PARAMETER_PREVIEW},
                "examples": [PARAMS],
                "warnings": [],
            }
        )
    )

    parameters: dict[str, ParameterPreview]
    examples: list[Params]
    warnings: list[Advice]
