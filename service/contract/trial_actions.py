"""The actions on a trial: one table for the server, the client, the command and the page.

To add an action: write its body in `schemas/trial_actions.py`, a row here, and its function in the
server's `rules/trial_actions.py`. Its route, its call and its command follow from the row.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from pydantic import BaseModel

from caviar.service.contract import schemas
from caviar.service.contract.errors import Invalid
from caviar.service.contract.states import FINISHED, OPEN, TrialState

ANY = tuple(TrialState)


@dataclass(frozen=True)
class TrialAction:
    """An action on a trial.

    Attributes:
        name: the last part of its path, and the name of its call and its command.
        summary: one sentence, for the API and the help.
        body: the type of its body.
        states: the states of a trial in which it is allowed.
        past: its past participle, for messages: "cannot be paused".
        otherwise: what to do instead in another state, or the reason.
        answer: the type of its answer.
        networks_only: whether it needs a network objective, whose trials can return to an epoch.
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
        try:
            self.body()
        except Invalid:  # a field is required, or one of several
            return False
        return True


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
            "Pause a trial after its current epoch, or at a later one.",
            schemas.PauseBody,
            OPEN,
            "paused",
            "it has ended",
        ),
        TrialAction(
            "resume",
            "Resume a paused trial, or release it from manual control.",
            schemas.ResumeBody,
            OPEN,
            "resumed",
            "extend or rewind it first",
        ),
        TrialAction(
            "rewind",
            "Return a trial to an earlier epoch.",
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
            "Exclude the result of a finished trial from the search.",
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
            "Start children from an epoch of a trial, each with its own changes.",
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
