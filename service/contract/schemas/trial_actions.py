"""One trial taken by the hand: what a person may do to it, and what they read of it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, model_validator

from caviar.service.contract import limits
from caviar.service.contract.schemas.base import NO_NUL, Answer, Body, Setting, Slug, example
from caviar.service.contract.schemas.readings import TRIAL, Trial

Changes = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=64)], Setting],
    Field(max_length=100, description="New values by hyperparameter name."),
]
EpochNumber = Annotated[int, Field(ge=0, le=limits.EPOCHS)]

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
    """Who does it, and why: both are kept in the journal."""

    model_config = ConfigDict(
        json_schema_extra=example({"author": "ana", "reason": "the loss has stopped falling"})
    )

    author: str = Field("a person", min_length=1, max_length=128, pattern=NO_NUL)
    reason: str | None = Field(None, max_length=2_000, pattern=NO_NUL)


class AdjustBody(ActionBody):
    """Other values from the next epoch on."""

    model_config = ConfigDict(
        json_schema_extra=example({"changes": {"learning_rate": 0.003}, "author": "ana"})
    )

    changes: Changes = Field(min_length=1)


class ResumeBody(ActionBody):
    """Let a trial go on."""

    model_config = ConfigDict(json_schema_extra=example({"release": True}))

    release: bool = Field(False, description="To the search: its pruner may end it again.")


class RewindBody(ActionBody):
    """Back to an earlier epoch, as if what came after had not happened."""

    model_config = ConfigDict(json_schema_extra=example({"epoch": 10, "author": "ana"}))

    epoch: EpochNumber = Field(description="The epoch to go back to.")


class ExtendBody(ActionBody):
    """More epochs than it was to have."""

    model_config = ConfigDict(json_schema_extra=example({"epochs": 10}))

    epochs: int = Field(ge=1, le=limits.EPOCHS, description="How many more.")


class Child(Body):
    """One child of a fork: what it does differently."""

    changes: Changes = Field({})


class ForkBody(ActionBody):
    """Children that go on from an epoch of their parent, each with changes of its own."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"count": 3, "perturb": {"learning_rate": 3.0}, "epoch": 10, "twin": True}
        )
    )

    children: list[Child] | None = Field(None, min_length=1, max_length=limits.FORKS)
    count: int | None = Field(None, ge=1, le=limits.FORKS)
    perturb: dict[str, Annotated[float, Field(gt=1, le=1_000)]] = Field(
        {}, description="By name, the factor by which a value may grow or shrink at most."
    )
    epoch: EpochNumber | None = Field(
        None, description="An earlier epoch, as a rewind would leave it; else as it is now."
    )
    epochs: int | None = Field(
        None,
        ge=1,
        le=limits.EPOCHS,
        description="How many from there; else as its parent.",
    )
    twin: bool = Field(False, description="One more child goes on without a change, to compare.")

    @model_validator(mode="after")
    def _children_or_a_count(self) -> ForkBody:
        if (self.children is None) == (self.count is None):
            raise ValueError("give children, each with its changes, or a count of them")
        if self.children is not None and self.perturb:
            raise ValueError("perturb goes with count: children say their changes themselves")
        return self


class VoidBody(ActionBody):
    """Why a finished trial should not count."""

    model_config = ConfigDict(json_schema_extra=example({"reason": "the wrong data were mounted"}))

    reason: str = Field(min_length=1, max_length=2_000, pattern=NO_NUL)


class ReplayBody(Body):
    """A study to make of what a person did: the same trials and adjustments, on another seed."""

    model_config = ConfigDict(json_schema_extra=example({"name": "digits-again", "seed": 2}))

    name: Slug
    seed: int | None = Field(None, ge=0, le=2**63 - 1, description="That of the study if left out.")


class JournalEntry(Answer):
    """What a person did to a trial."""

    id: int
    number: int
    action: str
    epoch: int | None = Field(description="From which epoch on; null until a worker takes it.")
    detail: dict[str, Any]
    author: str
    reason: str | None
    at: str
    confirmed: bool = Field(description="Of an adjustment: a worker has applied it.")
    undone: bool = Field(description="A rewind went back before it.")


class Journal(Answer):
    """What persons did to the trials of a study, from the first."""

    model_config = ConfigDict(json_schema_extra=example({"entries": [ENTRY]}))

    entries: list[JournalEntry]


class CheckpointInfo(Answer):
    """A checkpoint that is kept."""

    epoch: int
    bytes: int
    value: float | None


class RungInfo(Answer):
    """A rung that the trial came to."""

    epoch: int
    value: float
    promoted: bool | None = Field(description="Null while it is not decided.")


class TrialDetail(Trial):
    """A trial with all that is known of its way."""

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
    lineage: int = Field(description="The number whose draws it has.")
    current_params: dict[str, Setting] = Field(description="Its parameters with every adjustment.")
    allowed_actions: list[str] = Field([], description="What may be done to it in this state.")
    checkpoints: list[CheckpointInfo]
    rungs: list[RungInfo]
    journal: list[JournalEntry]
    children: list[int]
    comparison: str | None = Field(description="Whether a fork's changes helped, beside its twin.")


class Forked(Answer):
    """The numbers of the children, the twin last."""

    model_config = ConfigDict(json_schema_extra=example({"children": [60, 61, 62], "twin": 63}))

    children: list[int]
    twin: int | None


class CheckpointKept(Answer):
    """A checkpoint was taken."""

    model_config = ConfigDict(json_schema_extra=example({"number": 7, "epoch": 20, "bytes": 9}))

    number: int
    epoch: int
    bytes: int
