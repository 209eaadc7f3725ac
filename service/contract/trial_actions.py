"""The actions that a person may take on a trial: one table for server, client, command and page.

To add an action: a body in `schemas/trial_actions.py`, a row here, and what it does in the server's
`rules/trial_actions.py`. Its route, its call and its command follow from the row.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from pydantic import BaseModel

from caviar.service.contract import schemas
from caviar.service.contract.states import FINISHED, OPEN, TrialState

ANY = tuple(TrialState)


@dataclass(frozen=True)
class TrialAction:
    """An action on a trial.

    Attributes:
        name: the last part of its path, and the name of its call and its command.
        summary: what it does, in one sentence.
        body: what the caller sends; every field beyond author and reason is the action's own.
        states: the states of a trial that allow it.
        past: its past participle, for messages: "cannot be paused".
        otherwise: what to do instead where the state forbids it.
        answer: what the caller gets.
        networks_only: whether it needs a network of ours, which can be put back to any epoch.
        status: the HTTP status of success.
    """

    name: str
    summary: str
    body: type[schemas.ActionBody]
    states: Collection[TrialState]
    past: str
    otherwise: str = ""
    answer: type[BaseModel] = schemas.TrialDetail
    networks_only: bool = False
    status: int = 200

    @property
    def body_is_optional(self) -> bool:
        """Whether a call without a body is complete."""
        return not any(field.is_required() for field in self.body.model_fields.values())


ACTIONS = {
    action.name: action
    for action in (
        TrialAction(
            "adjust",
            "Change hyperparameters of a trial from its next epoch on.",
            schemas.AdjustBody,
            OPEN,
            "adjusted",
            "extend or rewind it first",
        ),
        TrialAction(
            "pause",
            "Pause a trial after the epoch that it is in.",
            schemas.ActionBody,
            OPEN,
            "paused",
            "it has ended",
        ),
        TrialAction(
            "resume",
            "Let a paused trial train on, or release it to the search.",
            schemas.ResumeBody,
            OPEN,
            "resumed",
            "extend or rewind it first",
        ),
        TrialAction(
            "rewind",
            "Take a trial back to an earlier epoch.",
            schemas.RewindBody,
            ANY,
            "rewound",
            networks_only=True,
        ),
        TrialAction(
            "extend",
            "Train a trial for more epochs than planned.",
            schemas.ExtendBody,
            (*OPEN, TrialState.COMPLETED),
            "extended",
            "rewind it first",
        ),
        TrialAction(
            "cancel", "End a trial.", schemas.ActionBody, OPEN, "cancelled", "it has ended"
        ),
        TrialAction(
            "void",
            "Exclude the result of a finished trial, for a reason.",
            schemas.VoidBody,
            FINISHED,
            "void",
            "cancel it instead",
        ),
        TrialAction(
            "unvoid",
            "Include the result of a void trial again.",
            schemas.ActionBody,
            FINISHED,
            "included again",
            "it has not ended",
        ),
        TrialAction(
            "fork",
            "Train children from an epoch of a trial, each with changes of its own.",
            schemas.ForkBody,
            ANY,
            "forked",
            answer=schemas.Forked,
            networks_only=True,
            status=201,
        ),
    )
}
"""Every action by its name."""


def allowed_actions(state: TrialState, *, kind: str, void: bool) -> list[str]:
    """The names of the actions that a trial in this state allows.

    Args:
        state: the trial's state.
        kind: the kind of its study's objective.
        void: whether its result is excluded.
    """
    return [
        action.name
        for action in ACTIONS.values()
        if state in action.states
        and (kind == "network" or not action.networks_only)
        and action.name != ("void" if void else "unvoid")
    ]
