"""Actions on many trials, or on many studies, in one call: each is done or refused by itself."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from caviar.service.contract import limits
from caviar.service.contract.schemas.ask_report_tell import Problem
from caviar.service.contract.schemas.base import Answer, Body, Slug, Whole, example
from caviar.service.contract.schemas.trial_actions import Forked


class TrialActionItem(Body):
    """An action on one of many trials."""

    number: Whole = Field(ge=0, description="The number of the trial.")
    action: str = Field(
        min_length=1, max_length=32, description="The last part of the action's own path."
    )
    body: dict[str, Any] = Field({}, description="The body of the action's own call.")


class TrialActionsBody(Body):
    """Actions on many trials, in the order in which they are taken."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "actions": [
                    {"number": 7, "action": "cancel", "body": {"author": "ana"}},
                    {"number": 9, "action": "void", "body": {"reason": "the wrong data"}},
                ]
            }
        )
    )

    actions: list[TrialActionItem] = Field(
        fail_fast=True, min_length=1, max_length=limits.ACTIONS_PER_CALL
    )


class TrialActionDone(Answer):
    """Whether an action was taken."""

    number: int
    action: str
    done: bool
    forked: Forked | None = Field(None, description="The children that a fork has started.")
    problem: Problem | None = None


class TrialActionsAnswer(Answer):
    """An entry for each action, in the same order."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "actions": [
                    {"number": 7, "action": "cancel", "done": True, "problem": None},
                    {
                        "number": 9,
                        "action": "void",
                        "done": False,
                        "problem": {
                            "type": "urn:caviar:problem:conflict",
                            "title": "The current state forbids it",
                            "status": 409,
                            "detail": "trial 9 is running and cannot be void: cancel it instead",
                        },
                    },
                ]
            }
        )
    )

    actions: list[TrialActionDone]


class StudyActionItem(Body):
    """An action on one of many studies."""

    study: Slug
    action: Literal["pause", "resume", "stop", "delete"]


class StudyActionsBody(Body):
    """Actions on many studies, in the order in which they are taken."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "actions": [
                    {"study": "digits", "action": "pause"},
                    {"study": "digits-old", "action": "delete"},
                ]
            }
        )
    )

    actions: list[StudyActionItem] = Field(
        fail_fast=True, min_length=1, max_length=limits.ACTIONS_PER_CALL
    )


class StudyActionDone(Answer):
    """Whether an action was taken."""

    study: str
    action: str
    done: bool
    problem: Problem | None = None


class StudyActionsAnswer(Answer):
    """An entry for each action, in the same order."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "actions": [
                    {"study": "digits", "action": "pause", "done": True, "problem": None},
                    {"study": "digits-old", "action": "delete", "done": True, "problem": None},
                ]
            }
        )
    )

    actions: list[StudyActionDone]
