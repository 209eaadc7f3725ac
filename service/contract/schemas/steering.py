"""Steering a search: a look at a space, zooms by hand, settings of one's own, what mattered."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from caviar.service.contract import limits
from caviar.service.contract.schemas.base import NO_NUL, Answer, Body, Setting, example
from caviar.service.contract.schemas.definition import DIGITS, SamplerOptions
from caviar.service.contract.schemas.readings import TRIAL, Advice, Trial

SETTING = {"learning_rate": 0.003, "momentum": 0.99}
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
    "repeats": {"settings": 2, "trials": 6, "share": 0.06},
    "note": "learning_rate and momentum mattered more than luck can explain. Luck was measured on "
    "6 trials of 2 repeated settings.",
}


class SpaceBody(Body):
    """A space to look at before anything is trained."""

    model_config = ConfigDict(json_schema_extra=example({"space": DIGITS["space"]}))

    space: dict[str, Any]
    seed: int = Field(0, ge=0, le=2**63 - 1)
    sampler: SamplerOptions | None = Field(
        None,
        description="With it, the examples are the first trials of such a study; those after its "
        "first round are as if none had ended.",
    )


class Decade(Answer):
    """A power of ten, and the share of draws that fall into it."""

    low: float
    high: float
    share: float


class Decades(Answer):
    """The share of draws in each power of ten of `of`: of x, or of 1 - x."""

    of: str
    shares: list[Decade]


class Histogram(Answer):
    """Shares of draws: of each value, or between edges on the axis that suits the range."""

    values: list[Setting] | None = None
    axis: str | None = None
    edges: list[float] | None = None
    shares: list[float]


class ParameterPreview(Answer):
    """Where a parameter's draws fall, in those settings in which it takes part."""

    type: str
    scale: str | None
    active: float = Field(description="The share of settings in which it takes part.")
    decades: Decades | None
    histogram: Histogram


class SpacePreview(Answer):
    """What a space means."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "parameters": {"momentum": PARAMETER_PREVIEW},
                "examples": [SETTING],
                "warnings": [],
            }
        )
    )

    parameters: dict[str, ParameterPreview]
    examples: list[dict[str, Setting]]
    warnings: list[Advice]


class ZoomBody(Body):
    """A zoom by hand: the interval of each parameter named, in its own values."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"box": {"learning_rate": [0.001, 0.01]}, "reason": "the curves look calm here"}
        )
    )

    box: dict[str, Any] = Field(min_length=1, description='{"learning_rate": [low, high], …}')
    size: int | None = Field(None, ge=1, le=limits.TRIALS, description="Trials of the round.")
    author: str | None = Field(None, min_length=1, max_length=64, pattern=NO_NUL)
    reason: str | None = Field(None, min_length=1, max_length=500, pattern=NO_NUL)


class EnqueuedSetting(Body):
    """A setting of the user's own."""

    params: dict[str, Any]


class EnqueueBody(Body):
    """Settings to try next: all of them, or none if one is wrong."""

    model_config = ConfigDict(json_schema_extra=example({"trials": [{"params": SETTING}]}))

    trials: list[EnqueuedSetting] = Field(min_length=1, max_length=limits.ENQUEUED_PER_CALL)


class EnqueueAnswer(Answer):
    """The trials that wait to be trained, in the order given."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"trials": [TRIAL | {"state": "waiting", "value": None, "enqueued": True}]}
        )
    )

    trials: list[Trial]


class ParameterImportance(Answer):
    """How much one parameter mattered."""

    share: float = Field(description="Of what the results vary by; all shares and noise sum to 1.")
    priority: int


class Repeats(Answer):
    """What trials of the same setting tell about luck."""

    settings: int
    trials: int
    share: float = Field(description="Of what the results vary by: within the same setting.")


class Importance(Answer):
    """How much each parameter mattered, beside what luck does."""

    model_config = ConfigDict(json_schema_extra=example(IMPORTANCE))

    trials: int = Field(description="How many gave a value.")
    parameters: dict[str, ParameterImportance] | None = Field(
        description="null: too few trials to tell."
    )
    priorities: dict[str, float] | None
    noise: float | None = Field(description="What no parameter explains.")
    repeats: Repeats | None = Field(description="null: no setting was tried twice.")
    note: str
