"""Ask, report and tell: the calls of workers."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from caviar.service.contract import limits
from caviar.service.contract.schemas.base import (
    NO_NUL,
    Answer,
    Body,
    Metrics,
    Params,
    WorkerName,
    example,
)
from caviar.service.contract.states import StudyState

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
        json_schema_extra=example({"count": 1, "worker": "laptop-1", "lease_seconds": 60.0})
    )

    count: int = Field(1, ge=1, le=limits.LEASES_PER_ASK)
    worker: WorkerName = "anonymous"
    lease_seconds: float = Field(60.0, ge=1, le=86_400)
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

    value: float
    epoch: int | None = Field(None, ge=0, le=limits.EPOCHS)
    metrics: Metrics = Field({})

    def answer(self) -> Best:
        """The same values as an answer, for the next worker."""
        return Best(value=self.value, epoch=self.epoch, metrics=self.metrics)


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

    number: int = Field(ge=0)
    lease: str = Field(max_length=64)
    epoch: int = Field(ge=0, le=limits.EPOCHS)
    metrics: Metrics = Field({})
    prefetched: bool = Field(
        False, description="Whether the trial has not started: the report only renews its lease."
    )
    adjusted_at: int | None = Field(
        None,
        ge=0,
        le=limits.EPOCHS,
        description="The epoch after which the adjustments of the last decision were applied.",
    )


class ReportBody(Body):
    """Reports of any number of trials and epochs."""

    model_config = ConfigDict(json_schema_extra=example({"reports": [REPORT]}))

    reports: list[Report] = Field(min_length=1, max_length=limits.REPORTS_PER_CALL)


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


class Result(Body):
    """The end of a segment.

    `completed` requires the value of the trial so far; the server decides whether the trial
    continues. `paused` ends a segment early, after the decision `pause`. `waiting` releases the
    lease: another worker may train the trial, and no attempt is counted unless `crashed`.
    """

    number: int = Field(ge=0)
    lease: str = Field(max_length=64)
    state: Literal["completed", "paused", "failed", "diverged", "waiting"] = "completed"
    value: float | None = None
    epoch: int | None = Field(
        None, ge=0, le=limits.EPOCHS, description="The number of epochs trained."
    )
    best_epoch: int | None = Field(None, ge=0, le=limits.EPOCHS)
    metrics: Metrics = Field({}, description="The metrics of the epoch of the value.")
    reason: str | None = Field(None, max_length=2_000, pattern=NO_NUL)
    crashed: bool = Field(
        False,
        description="With `waiting`: the training process died, which counts as an attempt.",
    )

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

    results: list[Result] = Field(min_length=1, max_length=limits.RESULTS_PER_CALL)


class Recorded(Answer):
    """Whether one result was recorded."""

    number: int
    recorded: bool
    keep: bool = Field(
        False,
        description="The trial is the best so far: store its checkpoint under the same lease.",
    )
    problem: Problem | None = None


class TellAnswer(Answer):
    """One entry for each result, in the same order."""

    model_config = ConfigDict(
        json_schema_extra=example({"results": [{"number": 0, "recorded": True}]})
    )

    results: list[Recorded]
