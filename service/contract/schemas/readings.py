"""Answers of GET: studies, trials, curves, rounds, workers, health."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from caviar.service.contract.schemas.base import Answer, Params, example
from caviar.service.contract.schemas.definition import DIGITS
from caviar.service.contract.states import StudyState, TrialState

TRIAL: dict[str, Any] = {
    "number": 7,
    "state": "completed",
    "params": {"learning_rate": 0.0032, "momentum": 0.97},
    "value": 0.061,
    "epoch": 20,
    "best_epoch": 18,
    "metrics": {"validation_loss": 0.061, "validation_error": 0.017},
    "round": 0,
    "attempt": 1,
    "worker": "laptop-1",
    "started_at": "2026-11-20T12:00:00.000Z",
    "finished_at": "2026-11-20T12:00:02.500Z",
    "reason": None,
    "void": False,
    "void_reason": None,
    "last_epoch": 20,
    "manual": False,
    "parent": None,
    "enqueued": False,
    "replica_of": None,
    "seconds": 2.4,
    "note": None,
    "tags": [],
    "revision": 31,
}
CURVE = {"number": 7, "epoch": [1, 2], "metrics": {"validation_loss": [0.52, 0.31]}}
ROUND = {
    "number": 1,
    "state": "open",
    "first_trial": 12,
    "trials": 8,
    "box": {"learning_rate": [0.31, 0.58]},
    "enqueued": 0,
    "manual": False,
    "ranges": {"learning_rate": [0.0017, 0.021]},
    "whole": {"learning_rate": [0.0001, 1.0]},
    "elites": [7, 3],
    "alarms": [],
    "reason": "The best 2 of 12 trials had learning_rate between 0.0017 and 0.021.",
}
STUDY = DIGITS | {
    "state": "running",
    "trials": {"completed": 12, "running": 8},
    "best": TRIAL,
    "round": 1,
    "progress": {
        "finished": 12,
        "total": 60,
        "epochs_trained": 310,
        "seconds": 4.2,
        "eta_seconds": 16.8,
    },
    "revision": 42,
    "created_at": "2026-11-20T12:00:00.000Z",
    "direction": "minimize",
    "sampler": {"kind": "coarse_to_fine"},
    "pruner": {"kind": "none"},
    "mode": "caviar",
    "void": 0,
    "asynchronous": False,
    "warm_start": None,
    "pauses": [],
    "warm_start_trials": 0,
    "warnings": [],
    "reason": None,
    "note": "before the new data",
    "tags": ["baseline"],
}
WORKER = {
    "name": "laptop-1",
    "state": "training",
    "running": 8,
    "last_seen_at": "2026-11-20T12:00:02.000Z",
    "trains": [{"study": "digits", "number": 12, "epoch": 3, "stop_epoch": 20}],
    "trials_per_minute": 21.3,
    "epochs_per_minute": 430.0,
}


class Trial(Answer):
    """One row of the table of trials."""

    model_config = ConfigDict(json_schema_extra=example(TRIAL))

    number: int
    state: TrialState
    params: Params
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
    void_reason: str | None
    last_epoch: int = Field(description="The epoch where it completes, unless it is extended.")
    manual: bool = Field(description="Under manual control: pruners and budgets do not end it.")
    parent: int | None = Field(description="The trial that it was forked from.")
    enqueued: bool = Field(False, description="Whether its params were given by a user.")
    replica_of: int | None = Field(
        None, description="The trial whose params it trains again with a fresh seed."
    )
    seconds: float = Field(0.0, description="How long workers have trained it.")
    note: str | None = Field(None, description="What a person wrote about it.")
    tags: list[str] = Field([], description="What a person calls it.")
    revision: int


class TrialPage(Answer):
    """Trials, and the study's revision when they were read."""

    model_config = ConfigDict(
        json_schema_extra=example({"trials": [TRIAL], "next_page_token": None, "revision": 42})
    )

    trials: list[Trial]
    next_page_token: str | None
    revision: int


class Curve(Answer):
    """Metrics by epoch, as columns; `epoch` is the number of finished epochs."""

    model_config = ConfigDict(json_schema_extra=example(CURVE))

    number: int
    epoch: list[int]
    metrics: dict[str, list[float | None]]


class Alarm(Answer):
    """Most elites are near an end of a parameter's range: better values may lie beyond it."""

    parameter: str
    end: Literal["low", "high"]
    value: float = Field(description="The value at that end.")
    wider: float | None = Field(
        description="A suggested new end; null if the range cannot be wider."
    )


class Round(Answer):
    """One stage from coarse to fine: its box, and the reason for it."""

    model_config = ConfigDict(json_schema_extra=example(ROUND))

    number: int
    state: Literal["open", "closed"]
    first_trial: int
    trials: int
    enqueued: int = Field(0, description="The number of its trials with params given by a user.")
    manual: bool = Field(False, description="Whether a person set its box.")
    box: dict[str, list[float]] = Field(description="In the unit interval of each scale.")
    ranges: dict[str, Any] = Field(
        description="The box in natural units: [low, high], or a list of choices."
    )
    whole: dict[str, Any] = Field(
        {},
        description="The whole range of each parameter in this round, which is wider than the "
        "space's where the sampler has widened it.",
    )
    elites: list[int]
    alarms: list[Alarm] = Field([])
    reason: str


class RoundList(Answer):
    """The rounds of a study, from the first."""

    model_config = ConfigDict(json_schema_extra=example({"rounds": [ROUND]}))

    rounds: list[Round]


class Progress(Answer):
    """The progress of a study."""

    finished: int
    total: int
    epochs_trained: int
    seconds: float = Field(description="From its first trial to its last result.")
    eta_seconds: float | None


class Advice(Answer):
    """A warning about a field that is valid but probably not intended."""

    field: str
    message: str


class Study(Answer):
    """A study: its definition and its current state."""

    model_config = ConfigDict(json_schema_extra=example(STUDY))

    name: str
    state: StudyState
    trials: dict[TrialState, int] = Field(
        description="The number of trials in each state, without void trials."
    )
    void: int
    best: Trial | None
    round: int | None
    progress: Progress
    revision: int
    created_at: str
    space: dict[str, Any]
    texts: dict[str, list[str]] = Field(
        {},
        description="By parameter, the texts of its choices, where a program that reads 1.0 as 1 "
        "could not write them.",
    )
    objective: dict[str, Any]
    direction: str
    sampler: dict[str, Any]
    pruner: dict[str, Any]
    mode: str
    budget: dict[str, Any]
    seed: int
    asynchronous: bool = Field(
        False,
        description="Whether a round opens before all results of the last one are in.",
    )
    warm_start: dict[str, Any] | None = None
    pauses: list[dict[str, int]] = Field([])
    warm_start_trials: int = Field(
        0, description="The number of trials taken from the study of `warm_start`."
    )
    warnings: list[Advice] = Field([])
    reason: str | None = Field(
        None, description="Why it ended before its budget, if every setting of its space was tried."
    )
    note: str | None = Field(None, description="What a person wrote about it.")
    tags: list[str] = Field([], description="What a person calls it.")


class StudyPage(Answer):
    """Studies in the order that was asked for, by default the newest first."""

    model_config = ConfigDict(
        json_schema_extra=example({"studies": [STUDY], "next_page_token": None})
    )

    studies: list[Study]
    next_page_token: str | None


class Figure(Answer):
    """A Plotly figure: `plotly.graph_objects.Figure(**answer)` draws it."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"data": [{"type": "scatter", "x": [0, 1], "y": [0.5, 0.3]}], "layout": {}}
        )
    )

    data: list[dict[str, Any]]
    layout: dict[str, Any]


class InTraining(Answer):
    """A trial that a worker trains."""

    study: str
    number: int
    epoch: int
    stop_epoch: int


class Worker(Answer):
    """A worker that holds leases now, or that asked for trials within the last minute."""

    name: str
    state: Literal["training", "idle"] = "training"
    running: int = Field(description="The number of its leases.")
    last_seen_at: str = Field(description="When it renewed a lease or asked for trials last.")
    trains: list[InTraining] = Field(
        [], description="The trials that it trains now, up to a hundred; not those it holds ahead."
    )
    trials_per_minute: float = Field(
        0.0, description="Trials that it ended, in the last three minutes or since it began."
    )
    epochs_per_minute: float = Field(0.0, description="Epochs that it trained, in that time.")


class WorkerList(Answer):
    """The workers that hold leases now, and those that asked for trials within the last minute."""

    model_config = ConfigDict(json_schema_extra=example({"workers": [WORKER]}))

    workers: list[Worker]


class Ready(Answer):
    """The database answers."""

    model_config = ConfigDict(json_schema_extra=example({"ready": True}))

    ready: bool


class Health(Answer):
    """The server runs; its versions, which are null for callers without a key that it needs."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "status": "ok",
                "version": "0.1.0",
                "database": "SQLite 3.51.3",
                "schema_revision": "0001",
                "python": "3.13.2",
                "numpy": "2.3.5",
                "sqlalchemy": "2.1.0",
            }
        )
    )

    status: Literal["ok"]
    version: str | None = None
    database: str | None = None
    schema_revision: str | None = None
    python: str | None = None
    numpy: str | None = None
    sqlalchemy: str | None = None
