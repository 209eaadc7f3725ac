"""Previews of spaces, manual zooms, enqueued trials, and importance."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from caviar.service.contract import limits
from caviar.service.contract.schemas.base import NO_NUL, Answer, Body, Params, Setting, example
from caviar.service.contract.schemas.definition import DIGITS, SamplerOptions
from caviar.service.contract.schemas.readings import TRIAL, Advice, Trial

PARAMS = {"learning_rate": 0.003, "momentum": 0.99}
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
IMPORTANCE = {
    "trials": 60,
    "parameters": {
        "learning_rate": {"share": 0.71, "priority": 1},
        "momentum": {"share": 0.18, "priority": 2},
    },
    "priorities": {"1": 0.71, "2": 0.18},
    "noise": 0.11,
    "repeats": {"params": 2, "trials": 6, "share": 0.06},
    "note": "More important than noise can explain: learning_rate and momentum. Noise was measured "
    "on 6 trials that repeat 2 sets of params.",
}


class SpaceBody(Body):
    """A space to preview before anything is trained."""

    model_config = ConfigDict(json_schema_extra=example({"space": DIGITS["space"]}))

    space: dict[str, Any]
    seed: int = Field(0, ge=0, le=2**63 - 1)
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


class ZoomBody(Body):
    """A manual zoom: an interval for each named parameter, in natural units."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"box": {"learning_rate": [0.001, 0.01]}, "reason": "the curves are smooth here"}
        )
    )

    box: dict[str, Any] = Field(min_length=1, description='{"learning_rate": [low, high], …}')
    size: int | None = Field(
        None, ge=1, le=limits.TRIALS, description="The number of trials in the round."
    )
    author: str | None = Field(None, min_length=1, max_length=64, pattern=NO_NUL)
    reason: str | None = Field(None, min_length=1, max_length=500, pattern=NO_NUL)


class EnqueuedTrial(Body):
    """A trial whose params are given by a user."""

    params: dict[str, Any]


class EnqueueBody(Body):
    """Trials to train next; if one of them is not valid, none is enqueued."""

    model_config = ConfigDict(json_schema_extra=example({"trials": [{"params": PARAMS}]}))

    trials: list[EnqueuedTrial] = Field(min_length=1, max_length=limits.ENQUEUED_PER_CALL)


class EnqueueAnswer(Answer):
    """The enqueued trials, in the same order."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"trials": [TRIAL | {"state": "waiting", "value": None, "enqueued": True}]}
        )
    )

    trials: list[Trial]


class ParameterImportance(Answer):
    """The importance of one parameter."""

    share: float = Field(
        description="The share of the variance of the results; all shares and noise sum to 1."
    )
    priority: int


class Repeats(Answer):
    """The noise, measured on trials with the same params and different seeds."""

    params: int = Field(description="How many params were repeated.")
    trials: int = Field(description="The number of trials with these params.")
    share: float = Field(
        description="The share of the variance of the results within the same params."
    )


class Importance(Answer):
    """The importance of each parameter, and the noise."""

    model_config = ConfigDict(json_schema_extra=example(IMPORTANCE))

    trials: int = Field(description="The number of trials with a value.")
    parameters: dict[str, ParameterImportance] | None = Field(
        description="Null if there are too few trials."
    )
    priorities: dict[str, float] | None
    noise: float | None = Field(description="The share of the variance that no parameter explains.")
    repeats: Repeats | None = Field(description="Null if no params were repeated.")
    note: str
