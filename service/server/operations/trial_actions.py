"""One operation for every action that a person takes on a trial, and one for many of them."""

from __future__ import annotations

from pydantic import BaseModel, ValidationError

from caviar.service.contract import schemas
from caviar.service.contract.errors import CaviarError, FieldError, Invalid
from caviar.service.contract.field_errors import field_errors
from caviar.service.contract.schemas import ActionBody
from caviar.service.contract.trial_actions import ACTIONS, TrialAction
from caviar.service.server import store
from caviar.service.server.operations.change_study import change_study
from caviar.service.server.rules import presenters, study_states, trial_actions, trial_states
from caviar.service.server.rules.change import Change
from caviar.service.server.rules.idempotency import Key
from caviar.service.server.store.database import Database

MAX_ERRORS = 20
"""Errors that one answer names."""


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


def act_on_many(
    database: Database, name: str, body: schemas.TrialActionsBody, key: Key | None = None
) -> schemas.TrialActionsAnswer:
    """Take actions on many trials, each in a transaction of its own: one that fails stops no other.

    Raises:
        Invalid: names the fields of all bodies that are not valid; nothing was done then.
        NotFound: there is no study of this name.
    """
    bodies = _bodies(body.actions)
    with database.read() as session:
        store.studies.get(session, name)
    done = []
    for place, (item, checked) in enumerate(zip(body.actions, bodies, strict=True)):
        own_key = None if key is None else key.within(str(place))
        done.append(_act_on_one(database, name, item, checked, own_key))
    return schemas.TrialActionsAnswer(actions=done)


def _bodies(items: list[schemas.TrialActionItem]) -> list[ActionBody]:
    """The checked bodies of actions. Raises Invalid, with the errors of all."""
    bodies: list[ActionBody] = []
    errors: list[FieldError] = []
    for place, item in enumerate(items):
        field = f"actions[{place}]"
        if item.action not in ACTIONS:
            known = ", ".join(ACTIONS)
            errors.append(FieldError(f"{field}.action", f"must be one of {known}"))
            continue
        try:
            bodies.append(ACTIONS[item.action].body.model_validate(item.body))
        except ValidationError as error:
            errors += (
                FieldError(f"{field}.body.{found.field}".removesuffix(".body"), found.message)
                for found in field_errors(error.errors())
            )
    if errors:
        raise Invalid.of(*errors[:MAX_ERRORS])
    return bodies


def _act_on_one(
    database: Database,
    name: str,
    item: schemas.TrialActionItem,
    body: ActionBody,
    key: Key | None,
) -> schemas.TrialActionDone:
    try:
        answer = act(database, name, item.number, ACTIONS[item.action], body, key)
    except CaviarError as error:
        problem = schemas.Problem.model_validate(error.problem())
        return schemas.TrialActionDone(
            number=item.number, action=item.action, done=False, problem=problem
        )
    forked = answer if isinstance(answer, schemas.Forked) else None
    return schemas.TrialActionDone(number=item.number, action=item.action, done=True, forked=forked)
