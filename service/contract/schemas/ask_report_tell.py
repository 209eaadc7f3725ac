"""Ask, report and tell: the calls of workers."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from caviar.service.contract import limits
from caviar.service.contract.patterns import NO_NUL
from caviar.service.contract.scalars import plain_number
from caviar.service.contract.schemas.base import (
    Answer,
    Body,
    Metrics,
    Params,
    Real,
    Whole,
    WorkerName,
    example,
)
from caviar.service.contract.states import StudyState
from caviar.service.contract.texts import keep_end

LEASE_SECONDS = 60.0
"""How long a lease lasts without a report, unless its worker asks for another time."""

LEASED = {
    "study": "digits",
    "number": 0,
    "params": {"learning_rate": 0.0032, "momentum": 0.97},
    "start_epoch": 0,
    "stop_epoch": 20,
    "attempt": 1,
    "seconds": 0.0,
    "seed": 1,
    "lease": {"token": "Yb0pX8cGm1sD2vQe", "expires_at": "2026-11-20T12:01:00.000Z"},
}
REPORT = {
    "number": 0,
    "lease": "Yb0pX8cGm1sD2vQe",
    "epoch": 3,
    "metrics": {"validation_loss": 0.31},
}
RESULT = {"number": 0, "lease": "Yb0pX8cGm1sD2vQe", "state": "completed", "value": 0.29}


class AskBody(Body):
    """The number of trials that a worker requests, and the duration of their leases."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"count": 1, "worker": "laptop-1", "lease_seconds": LEASE_SECONDS}
        )
    )

    count: Whole = Field(1, ge=1, le=limits.LEASES_PER_ASK)
    worker: WorkerName = "anonymous"
    lease_seconds: float = Field(LEASE_SECONDS, ge=1, le=86_400)
    prefetched: bool = Field(
        False,
        description="Whether the caller starts the trials later: until the first report without "
        "`prefetched`, an expired lease does not count as an attempt.",
    )


class AskAnyBody(AskBody):
    """An ask over all running studies with this kind of objective."""

    model_config = ConfigDict(
        json_schema_extra=example({"count": 8, "worker": "laptop-1", "objective": "network"})
    )

    objective: Literal["network", "external"] = "network"


class Lease(Answer):
    """The right to train one segment until a deadline."""

    token: str
    expires_at: str


class Adjustment(Answer):
    """New values of hyperparameters, applied after `epoch` finished epochs."""

    epoch: int
    changes: Params


class History(Answer):
    """What the training of a fork or of an adjusted trial depends on.

    It starts from `params` with the random draws of trial `lineage` and applies the adjustments in
    order.
    """

    lineage: int
    params: Params
    adjustments: list[Adjustment]


class Best(Answer):
    """The best value of a trial so far, over all its trained epochs."""

    value: float
    epoch: int | None = None
    metrics: dict[str, float] = Field({})


class BestSoFar(Body):
    """A trial's best value so far, which its worker sends with a checkpoint."""

    value: Real
    epoch: Whole | None = Field(None, ge=0, le=limits.EPOCHS)
    metrics: Metrics = Field({})
    cut: bool = Field(
        False,
        description="Whether there are more metrics than the header holds: the server adds what "
        "was reported of this epoch.",
    )


class LeasedTrial(Answer):
    """A segment: a trial to train from `start_epoch` to `stop_epoch` under a lease.

    A network continues from its checkpoint of `start_epoch`. Without a `history`, its training
    depends on `params` and `seed` only. An external trial should draw random numbers from `seed`.
    """

    study: str
    number: int
    params: Params
    start_epoch: int
    stop_epoch: int
    attempt: int
    seconds: float = Field(
        0.0, description="The training time so far, over all segments and attempts."
    )
    seed: int = Field(
        description="Of a network the study's seed, of a replica its own. Of an external trial a "
        "number below 2**32 that differs between trials, except by chance."
    )
    lease: Lease
    best: Best | None = None
    leave_checkpoint: bool = Field(
        False,
        description="Whether to store a checkpoint at `stop_epoch`: the trial may continue there.",
    )
    history: History | None = None


class AskAnswer(Answer):
    """Leased trials; none if there is nothing to do now. `study_state` says when to stop asking."""

    model_config = ConfigDict(
        json_schema_extra=example({"trials": [LEASED], "study_state": "running"})
    )

    trials: list[LeasedTrial]
    study_state: StudyState


class Report(Body):
    """Metrics of one epoch; a report without metrics only renews the lease."""

    number: Whole = Field(ge=0)
    lease: str = Field(max_length=64)
    epoch: Whole = Field(ge=0, le=limits.EPOCHS)
    metrics: Metrics = Field({})
    prefetched: bool = Field(
        False, description="Whether the trial has not started: the report only renews its lease."
    )
    adjusted_at: Whole | None = Field(
        None,
        ge=0,
        le=limits.EPOCHS,
        description="The epoch after which the adjustments of the last decision were applied.",
    )


class ReportBody(Body):
    """Reports of any number of trials and epochs."""

    model_config = ConfigDict(json_schema_extra=example({"reports": [REPORT]}))

    reports: list[Report] = Field(fail_fast=True, min_length=1, max_length=limits.REPORTS_PER_CALL)


class Problem(Answer):
    """The error of one item of a call."""

    type: str
    title: str
    status: int
    detail: str


class Decision(Answer):
    """What the worker does next with a reported trial.

    `pause`: store a checkpoint and tell `paused`. Adjustments apply after `adjust_epoch`, the epoch
    just reported; the next report confirms them with `adjusted_at`.
    """

    number: int
    action: Literal["continue", "stop", "pause"]
    adjustments: Params = Field({})
    adjust_epoch: int | None = None
    problem: Problem | None = None


class ReportAnswer(Answer):
    """One decision for each reported trial, in the order of their first reports."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"decisions": [{"number": 0, "action": "continue", "adjustments": {}}]}
        )
    )

    decisions: list[Decision]


def _end_of_reason(reason: Any) -> Any:
    return keep_end(reason, limits.REASON_CHARACTERS) if isinstance(reason, str) else reason


Reason = Annotated[
    str,
    BeforeValidator(_end_of_reason),
    Field(max_length=limits.REASON_CHARACTERS, pattern=NO_NUL),
]
"""Why a trial ended as it did; a longer text keeps its end, where an exception says what it is."""


class Result(Body):
    """The end of a segment.

    `completed` requires the value of the trial so far; the server decides whether the trial
    continues. `paused` ends a segment early, after the decision `pause`. `waiting` releases the
    lease: another worker may train the trial, and no attempt is counted unless `crashed`. In
    Python, a value that is NaN or infinite makes the state `diverged`.
    """

    number: Whole = Field(ge=0)
    lease: str = Field(max_length=64)
    state: Literal["completed", "paused", "failed", "diverged", "waiting"] = "completed"
    value: Real | None = None
    epoch: Whole | None = Field(
        None, ge=0, le=limits.EPOCHS, description="The number of epochs trained."
    )
    best_epoch: Whole | None = Field(None, ge=0, le=limits.EPOCHS)
    metrics: Metrics = Field({}, description="The metrics of the epoch of the value.")
    reason: Reason | None = None
    crashed: bool = Field(
        False,
        description="With `waiting`: the training process died, which counts as an attempt.",
    )

    @model_validator(mode="before")
    @classmethod
    def _diverged_by_value(cls, data: Any) -> Any:
        """A result without a finite value is one of a trial that diverged."""
        if not isinstance(data, dict):
            return data
        value = plain_number(data.get("value"))
        has_value = data.get("state", "completed") in ("completed", "paused")
        if not has_value or not isinstance(value, float) or math.isfinite(value):
            return data
        reason = data.get("reason") or f"its value is {value}"
        return {**data, "state": "diverged", "value": None, "reason": reason}

    @model_validator(mode="after")
    def _check_fields_of_state(self) -> Result:
        if self.state == "completed" and self.value is None:
            raise ValueError("a completed trial requires a value")
        if self.state not in ("completed", "paused") and self.value is not None:
            raise ValueError(f"a {self.state} trial has no value: remove it")
        if self.crashed and self.state != "waiting":
            raise ValueError("crashed requires the state waiting")
        return self


class TellBody(Body):
    """Results of any number of trials."""

    model_config = ConfigDict(json_schema_extra=example({"results": [RESULT]}))

    results: list[Result] = Field(fail_fast=True, min_length=1, max_length=limits.RESULTS_PER_CALL)


class Held(Body):
    """A leased trial, with the token of its lease."""

    number: Whole = Field(ge=0)
    lease: str = Field(max_length=64)


class ReleaseBody(Body):
    """Leased trials that the caller will not train: they wait again at once."""

    model_config = ConfigDict(
        json_schema_extra=example({"trials": [{"number": 0, "lease": RESULT["lease"]}]})
    )

    trials: list[Held] = Field(fail_fast=True, min_length=1, max_length=limits.RESULTS_PER_CALL)


class Recorded(Answer):
    """Whether one result was recorded."""

    number: int
    recorded: bool
    keep: bool = Field(
        False,
        description="The trial is the best so far: store its checkpoint under the same lease.",
    )
    problem: Problem | None = None


class Released(Answer):
    """Whether one trial was released; if not, its lease was not the current one."""

    number: int
    released: bool
    problem: Problem | None = None


class ReleaseAnswer(Answer):
    """One entry for each trial, in the same order."""

    model_config = ConfigDict(
        json_schema_extra=example({"trials": [{"number": 0, "released": True}]})
    )

    trials: list[Released]


class TellAnswer(Answer):
    """One entry for each result, in the same order."""

    model_config = ConfigDict(
        json_schema_extra=example({"results": [{"number": 0, "recorded": True}]})
    )

    results: list[Recorded]
