"""One operation for every action that a person takes on a trial."""

from __future__ import annotations

from pydantic import BaseModel

from caviar.service.contract.schemas import ActionBody
from caviar.service.contract.trial_actions import TrialAction
from caviar.service.server import store
from caviar.service.server.operations.change_study import change_study
from caviar.service.server.rules import presenters, study_states, trial_actions, trial_states
from caviar.service.server.rules.change import Change
from caviar.service.server.rules.idempotency import Key
from caviar.service.server.store.database import Database


def act(
    database: Database,
    name: str,
    number: int,
    action: TrialAction,
    body: ActionBody,
    key: Key | None = None,
) -> BaseModel:
    """Take an action on a trial, and return the action's answer: mostly the trial as it is then.

    Raises:
        NotFound: there is no such study or trial.
        Conflict: the trial's state forbids it.
        Invalid: the body asks for something impossible; nothing has changed then.
    """

    def work(change: Change) -> BaseModel:
        trial = store.trials.get(change.session, change.study, number)
        trial_actions.require_allowed(change, trial, action)
        trial_states.settle(change, trial)
        change.mark(trial)
        answer = trial_actions.APPLY[action.name](change, trial, body)
        study_states.reconcile(change)
        change.session.flush()
        return answer or presenters.trials.detail(change.session, change.study, trial)

    return change_study(database, name, work, answer=action.answer, key=key)
