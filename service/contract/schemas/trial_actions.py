"""Actions on one trial, its journal and its details."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, model_validator

from caviar.service.contract import limits
from caviar.service.contract.patterns import NO_NUL
from caviar.service.contract.schemas.base import Answer, Body, Params, Setting, Slug, Whole, example
from caviar.service.contract.schemas.readings import TRIAL, Trial

ANONYMOUS = "a person"
"""The author of an action that names none."""

Changes = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=64)], Setting],
    Field(max_length=100, description="New values by hyperparameter name."),
]
EpochNumber = Annotated[Whole, Field(ge=0, le=limits.EPOCHS)]

ENTRY: dict[str, Any] = {
    "id": 3,
    "number": 7,
    "action": "adjust",
    "epoch": 20,
    "detail": {"old": {"learning_rate": 0.01}, "new": {"learning_rate": 0.003}},
    "author": "ana",
    "reason": "the loss has stopped falling",
    "at": "2026-11-20T12:03:00.000Z",
    "confirmed": True,
    "undone": False,
}


class ActionBody(Body):
    """The author of an action and the reason, for the journal."""

    model_config = ConfigDict(
        json_schema_extra=example({"author": "ana", "reason": "the loss has stopped falling"})
    )

    author: str = Field(ANONYMOUS, min_length=1, max_length=128, pattern=NO_NUL)
    reason: str | None = Field(None, max_length=2_000, pattern=NO_NUL)


class AdjustBody(ActionBody):
    """New values of hyperparameters from the next epoch on."""

    model_config = ConfigDict(
        json_schema_extra=example({"changes": {"learning_rate": 0.003}, "author": "ana"})
    )

    changes: Changes = Field(min_length=1)


class PauseBody(ActionBody):
    """Pause a trial now, or at an epoch."""

    model_config = ConfigDict(json_schema_extra=example({"epoch": 10, "author": "ana"}))

    epoch: Whole | None = Field(
        None,
        ge=1,
        le=limits.EPOCHS,
        description="Train up to this epoch and pause there. By default the trial pauses after its "
        "current epoch.",
    )


class ResumeBody(ActionBody):
    """Resume a trial."""

    model_config = ConfigDict(json_schema_extra=example({"release": True}))

    release: bool = Field(
        False, description="Release it from manual control: pruners may end it again."
    )


class RewindBody(ActionBody):
    """Return to an earlier epoch; later epochs are discarded."""

    model_config = ConfigDict(json_schema_extra=example({"epoch": 10, "author": "ana"}))

    epoch: EpochNumber = Field(description="The epoch to return to.")


class ExtendBody(ActionBody):
    """More epochs than planned."""

    model_config = ConfigDict(json_schema_extra=example({"epochs": 10}))

    epochs: Whole = Field(ge=1, le=limits.EPOCHS, description="The number of additional epochs.")


class Child(Body):
    """One child of a fork, and its changes."""

    changes: Changes = Field({})


class ForkBody(ActionBody):
    """Children that continue from an epoch of their parent, each with its own changes."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"count": 3, "perturb": {"learning_rate": 3.0}, "epoch": 10, "twin": True}
        )
    )

    children: list[Child] | None = Field(None, min_length=1, max_length=limits.FORKS)
    count: Whole | None = Field(None, ge=1, le=limits.FORKS)
    perturb: dict[str, Annotated[float, Field(gt=1, le=1_000)]] = Field(
        {}, description="By name, the largest factor by which a value is changed up or down."
    )
    epoch: EpochNumber | None = Field(
        None, description="The epoch to fork from; by default the current one."
    )
    epochs: Whole | None = Field(
        None,
        ge=1,
        le=limits.EPOCHS,
        description="The number of epochs to train from there; by default as many as the parent.",
    )
    twin: bool = Field(
        False, description="Whether one more child continues without a change, for comparison."
    )

    @model_validator(mode="after")
    def _check_children_or_count(self) -> ForkBody:
        if (self.children is None) == (self.count is None):
            raise ValueError("give children, each with its changes, or a count")
        if self.children is not None and self.perturb:
            raise ValueError("perturb requires count: children have their own changes")
        return self


class VoidBody(ActionBody):
    """The reason to exclude the result of a finished trial."""

    model_config = ConfigDict(json_schema_extra=example({"reason": "the wrong data were mounted"}))

    reason: str = Field(min_length=1, max_length=2_000, pattern=NO_NUL)


class ReplayBody(Body):
    """A new study with the same trials and the same actions, on the same seed or another."""

    model_config = ConfigDict(json_schema_extra=example({"name": "digits-again", "seed": 2}))

    name: Slug
    seed: Whole | None = Field(
        None, ge=0, le=2**63 - 1, description="By default the seed of the study."
    )


class JournalEntry(Answer):
    """One action on a trial."""

    id: int
    number: int
    action: str
    epoch: int | None = Field(
        description="The epoch from which it applies; null until a worker applies it."
    )
    detail: dict[str, Any]
    author: str
    reason: str | None
    at: str
    confirmed: bool = Field(description="Of an adjustment: whether a worker has applied it.")
    undone: bool = Field(description="Whether a later rewind discarded it.")


class Journal(Answer):
    """The actions on the trials of a study, the oldest first."""

    model_config = ConfigDict(json_schema_extra=example({"entries": [ENTRY]}))

    entries: list[JournalEntry]


class CheckpointInfo(Answer):
    """A stored checkpoint."""

    epoch: int
    bytes: int
    value: float | None


class RungInfo(Answer):
    """A rung that the trial has reached."""

    epoch: int
    value: float
    promoted: bool | None = Field(description="Null until it is decided.")


class TrialDetail(Trial):
    """A trial with its checkpoints, rungs, journal and children."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                **TRIAL,
                "start_epoch": 10,
                "stop_epoch": 20,
                "requested_state": None,
                "lineage": 7,
                "current_params": {**TRIAL["params"], "learning_rate": 0.003},
                "allowed_actions": ["rewind", "extend", "void", "fork"],
                "checkpoints": [{"epoch": 20, "bytes": 31_240, "value": 0.061}],
                "rungs": [{"epoch": 2, "value": 0.4, "promoted": True}],
                "journal": [ENTRY],
                "children": [],
                "comparison": None,
            }
        )
    )

    start_epoch: int
    stop_epoch: int
    requested_state: str | None
    lineage: int = Field(description="The number of the trial whose random draws it uses.")
    current_params: Params = Field(description="Its params after all adjustments.")
    allowed_actions: list[str] = Field([], description="The actions that its state allows.")
    checkpoints: list[CheckpointInfo]
    rungs: list[RungInfo]
    journal: list[JournalEntry]
    children: list[int]
    comparison: str | None = Field(description="Of a fork: its value compared with its twin's.")


class Forked(Answer):
    """The numbers of the children and of their twin."""

    model_config = ConfigDict(json_schema_extra=example({"children": [60, 61, 62], "twin": 63}))

    children: list[int]
    twin: int | None


class CheckpointKept(Answer):
    """A checkpoint was stored."""

    model_config = ConfigDict(json_schema_extra=example({"number": 7, "epoch": 20, "bytes": 9}))

    number: int
    epoch: int
    bytes: int
