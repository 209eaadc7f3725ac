"""Replicas: the best trials trained again with fresh seeds, and the results."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from caviar.service.contract import limits
from caviar.service.contract.schemas.base import Answer, Body, Params, Whole, example
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
    """The number of best trials to train again, and the number of seeds for each."""

    model_config = ConfigDict(json_schema_extra=example({"top": 5, "seeds": 3}))

    top: Whole = Field(5, ge=1, le=limits.REPLICATED)
    seeds: Whole = Field(3, ge=1, le=limits.REPLICAS)


class Replica(Answer):
    """A trial that repeats another one with a seed of its own."""

    number: int
    state: TrialState
    value: float | None


class Replicated(Answer):
    """A trial of the search, with its replicas."""

    number: int
    params: Params
    value: float | None
    replicas: list[Replica]
    mean: float | None = Field(
        description="The mean of the replicas, without the trial, which was selected for its value."
    )
    deviation: float | None = Field(
        description="The standard deviation of the replicas; null for fewer than two values."
    )
    verdict: str


class Replicates(Answer):
    """Every replicated trial, the best of the search first."""

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
        description="The standard deviation between seeds, pooled over all these trials."
    )
    note: str
