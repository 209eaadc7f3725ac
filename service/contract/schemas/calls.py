"""Ask, report, tell: what workers send and get."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field, model_validator

from caviar.service.contract import limits
from caviar.service.contract.schemas.base import (
    NO_NUL,
    Answer,
    Body,
    Metrics,
    Setting,
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
    """How many trials a worker wants, and for how long at first."""

    model_config = ConfigDict(
        json_schema_extra=example({"count": 1, "worker": "laptop-1", "lease_seconds": 60.0})
    )

    count: int = Field(1, ge=1, le=limits.LEASES_PER_ASK)
    worker: WorkerName = "anonymous"
    lease_seconds: float = Field(60.0, ge=1, le=86_400)
    prefetched: bool = Field(
        False,
        description="The caller holds the trials for a while before it begins: until the first "
        "report that does not say `prefetched`, a lost lease counts as no attempt.",
    )


class AskAnyBody(AskBody):
    """An ask over all running studies whose objective is of the kind."""

    model_config = ConfigDict(
        json_schema_extra=example({"count": 8, "worker": "laptop-1", "objective": "network"})
    )

    objective: Literal["network", "external"] = "network"


class Lease(Answer):
    """The right to train one segment until a deadline."""

    token: str
    expires_at: str


class Adjustment(Answer):
    """Values that a trial trains with from an epoch on: as if given once that epoch is finished."""

    epoch: int
    changes: dict[str, Setting]


class History(Answer):
    """What a trial's bits depend on when it is a fork or was adjusted.

    From `params`, with the draws of the trial numbered `lineage`, through every adjustment in turn.
    """

    lineage: int
    params: dict[str, Setting]
    adjustments: list[Adjustment]


class Best(Answer):
    """The best of a trial so far, over every epoch that it trained."""

    value: float
    epoch: int | None = None
    metrics: dict[str, float] = Field({})


class BestSoFar(Body):
    """A trial's best as its worker knows it, beside a checkpoint."""

    value: float
    epoch: int | None = Field(None, ge=0, le=limits.EPOCHS)
    metrics: Metrics = Field({})

    def answer(self) -> Best:
        """The same, as it is given to the next worker."""
        return Best(value=self.value, epoch=self.epoch, metrics=self.metrics)


class LeasedTrial(Answer):
    """A segment: a trial to train from `start_epoch` to `stop_epoch` under a lease.

    A network goes on from its checkpoint of `start_epoch`. Without a `history` its parameters are
    all there is to know. What an external trial draws should come from its `seed`.
    """

    study: str
    number: int
    params: dict[str, Setting]
    start_epoch: int
    stop_epoch: int
    attempt: int
    seconds: float = Field(
        0.0, description="For how long workers trained it before, over all segments and attempts."
    )
    seed: int = Field(
        description="Of a network that of the study, and its own for a replica; of an external "
        "trial one below 2**32 that no other trial of the study shares, but by chance."
    )
    lease: Lease
    best: Best | None = None
    leave_checkpoint: bool = Field(
        False, description="The trial may go on from where the segment stops: leave a checkpoint."
    )
    history: History | None = None


class AskAnswer(Answer):
    """Leased trials; an empty list means: nothing to do now. `study_state` says when to stop."""

    model_config = ConfigDict(
        json_schema_extra=example({"trials": [LEASED], "study_state": "running"})
    )

    trials: list[LeasedTrial]
    study_state: StudyState


class Report(Body):
    """Metrics of one epoch; without metrics it only renews the lease."""

    number: int = Field(ge=0)
    lease: str = Field(max_length=64)
    epoch: int = Field(ge=0, le=limits.EPOCHS)
    metrics: Metrics = Field({})
    prefetched: bool = Field(False, description="The trial has not begun: only renew its lease.")
    adjusted_at: int | None = Field(
        None,
        ge=0,
        le=limits.EPOCHS,
        description="The epoch at which the adjustments of the last decision were applied.",
    )


class ReportBody(Body):
    """Reports of many trials, and of many epochs of each."""

    model_config = ConfigDict(json_schema_extra=example({"reports": [REPORT]}))

    reports: list[Report] = Field(min_length=1, max_length=limits.REPORTS_PER_CALL)


class Problem(Answer):
    """What went wrong with one item of a call."""

    type: str
    title: str
    status: int
    detail: str


class Decision(Answer):
    """What the worker does next with a trial that it reported.

    `pause`: leave a checkpoint and tell `paused`. Adjustments hold from `adjust_epoch` on, which
    is the epoch just reported; the next report confirms them with `adjusted_at`.
    """

    number: int
    action: Literal["continue", "stop", "pause"]
    adjustments: dict[str, Setting] = Field({})
    adjust_epoch: int | None = None
    problem: Problem | None = None


class ReportAnswer(Answer):
    """One decision for each trial reported, in order of first mention."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"decisions": [{"number": 0, "action": "continue", "adjustments": {}}]}
        )
    )

    decisions: list[Decision]


class Result(Body):
    """The end of a segment; `completed` has a value: the trial's so far.

    Whether the trial goes on is for the server to say. `paused` ends a segment early, because a
    decision said so. `waiting` gives the lease back: another worker may train the trial, and no
    attempt is counted, unless it `crashed`.
    """

    number: int = Field(ge=0)
    lease: str = Field(max_length=64)
    state: Literal["completed", "paused", "failed", "diverged", "waiting"] = "completed"
    value: float | None = None
    epoch: int | None = Field(
        None, ge=0, le=limits.EPOCHS, description="The number of epochs trained."
    )
    best_epoch: int | None = Field(None, ge=0, le=limits.EPOCHS)
    metrics: Metrics = Field({}, description="The metrics of the epoch that the value is from.")
    reason: str | None = Field(None, max_length=2_000, pattern=NO_NUL)
    crashed: bool = Field(
        False,
        description="With `waiting`: the process that trained it died, which counts as an attempt.",
    )

    @model_validator(mode="after")
    def _value_where_it_belongs(self) -> Result:
        if self.state == "completed" and self.value is None:
            raise ValueError("a completed trial needs a value")
        if self.state not in ("completed", "paused") and self.value is not None:
            raise ValueError(f"a {self.state} trial has no value: leave it out")
        if self.crashed and self.state != "waiting":
            raise ValueError("crashed goes with the state waiting")
        return self


class TellBody(Body):
    """Results of many trials."""

    model_config = ConfigDict(json_schema_extra=example({"results": [RESULT]}))

    results: list[Result] = Field(min_length=1, max_length=limits.RESULTS_PER_CALL)


class Recorded(Answer):
    """Whether one result was taken."""

    number: int
    recorded: bool
    keep: bool = Field(
        False, description="The best so far: its checkpoint is wanted, under the same lease."
    )
    problem: Problem | None = None


class TellAnswer(Answer):
    """One entry for each result, in the order given."""

    model_config = ConfigDict(
        json_schema_extra=example({"results": [{"number": 0, "recorded": True}]})
    )

    results: list[Recorded]
