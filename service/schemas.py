"""The contract on the wire: every body that goes in or comes out, once.

Bodies that come in are strict: unknown fields, numbers given as text, NaN and infinity are
refused. Bodies that go out are plain.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from service import limits
from service.states import StudyState, TrialState

Setting = bool | int | float | str
"""A value of a parameter."""

Metrics = dict[Annotated[str, Field(min_length=1, max_length=64)], float]
"""Finite numbers by metric name."""

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", examples=["digits"])]
"""A study's name and id: lower-case letters, digits, `-` and `_`, at most 64."""

NO_NUL = r"^[^\x00]*$"
"""PostgreSQL's text cannot hold a NUL."""

WorkerName = Annotated[
    str, Field(min_length=1, max_length=128, pattern=r"^[\w.:@+-]+$", examples=["laptop-1"])
]

DIGITS_SPACE: Any = {
    "learning_rate": {"type": "float", "low": 0.0001, "high": 1.0, "scale": "log"},
    "momentum": {"type": "float", "low": 0.9, "high": 0.999, "scale": "reverse_log"},
}


class Body(BaseModel):
    """A body that comes in."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Answer(BaseModel):
    """A body that goes out."""

    model_config = ConfigDict(extra="ignore")


# --- a study's definition -------------------------------------------------------------------


class NetworkObjective(Body):
    """Caviar trains a network with each trial's parameters."""

    kind: Literal["network"]
    dataset: str = Field(max_length=64, description="A name that GET /datasets lists.")
    epochs: int = Field(20, ge=1, le=limits.EPOCHS)
    metric: str = Field("validation_loss", max_length=64)
    value: Literal["best", "last"] = Field(
        "best", description="A trial's value is its metric at the best epoch, or at the last."
    )
    settings: dict[str, Setting] = Field(
        {}, description="Hyperparameters that stay the same for every trial."
    )


class ExternalObjective(Body):
    """The caller trains: ask, report, tell."""

    kind: Literal["external"]
    metric: str = Field("value", max_length=64)
    epochs: int = Field(1, ge=1, le=limits.EPOCHS)


Objective = Annotated[NetworkObjective | ExternalObjective, Field(discriminator="kind")]


class SamplerOptions(BaseModel):
    """Which sampler proposes the trials, with its options."""

    model_config = ConfigDict(extra="allow", strict=True)

    kind: str = "coarse_to_fine"


class PrunerOptions(Body):
    """Which pruner ends trials early."""

    kind: Literal["none"] = "none"


class Budget(Body):
    """What the study may spend."""

    trials: int = Field(100, ge=1, le=limits.TRIALS)


class StudyDefinition(Body):
    """A study: only name, space and objective are required."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "digits",
                    "space": DIGITS_SPACE,
                    "objective": {
                        "kind": "network",
                        "dataset": "digits",
                        "epochs": 20,
                        "settings": {"optimizer": "momentum"},
                    },
                    "budget": {"trials": 60},
                    "seed": 1,
                }
            ]
        }
    )

    name: Slug
    space: dict[str, Any]
    objective: Objective
    direction: Literal["minimize", "maximize"] = "minimize"
    sampler: SamplerOptions = SamplerOptions()
    pruner: PrunerOptions = PrunerOptions()
    budget: Budget = Budget()
    seed: int = Field(1, ge=0, le=2**63 - 1)

    @model_validator(mode="before")
    @classmethod
    def _maximize_what_should_grow(cls, data: Any) -> Any:
        """Without a direction, an accuracy is maximized: nobody looks for the worst one."""
        if isinstance(data, dict) and "direction" not in data:
            objective = data.get("objective")
            metric = objective.get("metric") if isinstance(objective, dict) else None
            if isinstance(metric, str) and metric.endswith("accuracy"):
                return {**data, "direction": "maximize"}
        return data


class StudyChange(Body):
    """PATCH of a study."""

    state: Literal["running", "paused", "stopped"] | None = None
    budget: Budget | None = None


# --- ask, report, tell ----------------------------------------------------------------------


class AskBody(Body):
    """How many trials a worker wants, and for how long at first."""

    count: int = Field(1, ge=1, le=limits.LEASES_PER_ASK)
    worker: WorkerName = "anonymous"
    lease_seconds: float = Field(60.0, ge=1, le=86_400)


class AskAnyBody(AskBody):
    """An ask over all running studies whose objective is of the kind."""

    objective: Literal["network", "external"] = "network"


class Lease(Answer):
    """The right to train one segment until a deadline."""

    token: str
    expires_at: str


class LeasedTrial(Answer):
    """A trial to train from `start_epoch` to `stop_epoch` under a lease."""

    study: str
    number: int
    params: dict[str, Setting]
    start_epoch: int
    stop_epoch: int
    attempt: int
    lease: Lease


class AskAnswer(Answer):
    """Leased trials; an empty list means: nothing to do now. `study_state` says when to stop."""

    trials: list[LeasedTrial]
    study_state: StudyState


class Report(Body):
    """Metrics of one epoch; without metrics it only renews the lease."""

    number: int = Field(ge=0)
    lease: str = Field(max_length=64)
    epoch: int = Field(ge=0, le=limits.EPOCHS)
    metrics: Metrics = {}


class ReportBody(Body):
    """Reports of many trials, and of many epochs of each."""

    reports: list[Report] = Field(min_length=1, max_length=limits.REPORTS_PER_CALL)


class Problem(Answer):
    """What went wrong with one item of a call."""

    type: str
    title: str
    status: int
    detail: str


class Decision(Answer):
    """What the worker does next with a trial that it reported."""

    number: int
    action: Literal["continue", "stop", "pause"]
    adjustments: dict[str, Setting] = {}
    problem: Problem | None = None


class ReportAnswer(Answer):
    """One decision for each trial reported, in order of first mention."""

    decisions: list[Decision]


class Result(Body):
    """The end of a trial; only `completed` has a value.

    `waiting` gives the lease back: another worker may train the trial, and no attempt is counted.
    """

    number: int = Field(ge=0)
    lease: str = Field(max_length=64)
    state: Literal["completed", "failed", "diverged", "waiting"] = "completed"
    value: float | None = None
    epoch: int | None = Field(
        None, ge=0, le=limits.EPOCHS, description="The number of epochs trained."
    )
    best_epoch: int | None = Field(None, ge=0, le=limits.EPOCHS)
    metrics: Metrics = Field({}, description="The metrics of the epoch that the value is from.")
    reason: str | None = Field(None, max_length=2_000, pattern=NO_NUL)

    @model_validator(mode="after")
    def _value_where_it_belongs(self) -> Result:
        if self.state == "completed" and self.value is None:
            raise ValueError("a completed trial needs a value")
        if self.state != "completed" and self.value is not None:
            raise ValueError(f"a {self.state} trial has no value: leave it out")
        return self


class TellBody(Body):
    """Results of many trials."""

    results: list[Result] = Field(min_length=1, max_length=limits.RESULTS_PER_CALL)


class Recorded(Answer):
    """Whether one result was taken."""

    number: int
    recorded: bool
    problem: Problem | None = None


class TellAnswer(Answer):
    """One entry for each result, in the order given."""

    results: list[Recorded]


# --- what a reader gets ---------------------------------------------------------------------


class Trial(Answer):
    """A row of the table of trials."""

    number: int
    state: TrialState
    params: dict[str, Setting]
    value: float | None
    epoch: int
    best_epoch: int | None
    metrics: dict[str, float]
    round: int
    attempt: int
    worker: str | None
    started_at: str | None
    finished_at: str | None
    reason: str | None
    void: bool
    revision: int


class TrialPage(Answer):
    """Trials, and the revision that they are of."""

    trials: list[Trial]
    next_page_token: str | None
    revision: int


class Curve(Answer):
    """Metrics by epoch, in columns; `epoch` counts finished epochs."""

    number: int
    epoch: list[int]
    metrics: dict[str, list[float | None]]


class Round(Answer):
    """One stage from coarse to fine: what it drew from, and why."""

    number: int
    state: Literal["open", "closed"]
    first_trial: int
    trials: int
    box: dict[str, list[float]] = Field(description="In the unit interval of each scale.")
    ranges: dict[str, Any] = Field(
        description="The box in natural units: [low, high], or the choices."
    )
    elites: list[int]
    reason: str


class RoundList(Answer):
    """The rounds of a study, from the first."""

    rounds: list[Round]


class Progress(Answer):
    """How far a study is."""

    finished: int
    total: int
    epochs_trained: int
    seconds: float = Field(description="Since its first trial, to its last result.")
    eta_seconds: float | None


class Study(Answer):
    """A study as it stands, with its definition."""

    name: str
    state: StudyState
    trials: dict[TrialState, int]
    best: Trial | None
    round: int | None
    progress: Progress
    revision: int
    created_at: str
    space: dict[str, Any]
    objective: dict[str, Any]
    direction: str
    sampler: dict[str, Any]
    pruner: dict[str, Any]
    budget: dict[str, Any]
    seed: int


class StudyPage(Answer):
    """Studies, the newest first."""

    studies: list[Study]
    next_page_token: str | None


class DatasetList(Answer):
    """What a network objective can train on."""

    datasets: list[dict[str, Any]]


class Worker(Answer):
    """A worker that holds leases now."""

    name: str
    running: int
    last_seen_at: str


class WorkerList(Answer):
    """The workers that hold leases now."""

    workers: list[Worker]


class Ready(Answer):
    """The database answers."""

    ready: bool


class Health(Answer):
    """Alive, and with what."""

    status: Literal["ok"]
    version: str
    database: str
    schema_revision: str | None
