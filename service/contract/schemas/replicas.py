"""Replicates: the best settings trained again on fresh seeds, and what came of it."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from caviar.service.contract import limits
from caviar.service.contract.schemas.base import Answer, Body, Setting, example
from caviar.service.contract.states import TrialState

REPLICATED: dict[str, Any] = {
    "number": 7,
    "params": {"learning_rate": 0.0032, "momentum": 0.97},
    "value": 0.061,
    "replicas": [
        {"number": 60, "state": "completed", "value": 0.066},
        {"number": 61, "state": "completed", "value": 0.059},
        {"number": 62, "state": "completed", "value": 0.064},
    ],
    "mean": 0.063,
    "deviation": 0.0036,
    "verdict": "holds: 0.061 in the search, 0.063 on average over 3 fresh seeds",
}


class ReplicateBody(Body):
    """How many of the best settings to train again, and how often."""

    model_config = ConfigDict(json_schema_extra=example({"top": 5, "seeds": 3}))

    top: int = Field(5, ge=1, le=limits.REPLICATED)
    seeds: int = Field(3, ge=1, le=limits.REPLICAS)


class Replica(Answer):
    """One more training of a setting, on a seed of its own."""

    number: int
    state: TrialState
    value: float | None


class Replicated(Answer):
    """A trial of the search beside its replicas."""

    number: int
    params: dict[str, Setting]
    value: float | None
    replicas: list[Replica]
    mean: float | None = Field(description="Of the replicas alone: the search chose the trial.")
    deviation: float | None = Field(description="Their standard deviation, from two values on.")
    verdict: str


class Replicates(Answer):
    """Every trial that was trained again, the best of the search first."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "metric": "validation_loss",
                "direction": "minimize",
                "trials": [REPLICATED],
                "noise": 0.0036,
                "note": "On fresh seeds, trial 7 stays the best.",
            }
        )
    )

    metric: str
    direction: str
    trials: list[Replicated]
    noise: float | None = Field(
        description="The standard deviation between seeds, over all these settings."
    )
    note: str
