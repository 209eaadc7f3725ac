"""Enqueues trials whose params a person gives: checked, numbered, trained next."""

from __future__ import annotations

from dataclasses import dataclass

from caviar import engine
from caviar.sampler import Params, SearchSpace, SpaceError
from caviar.service.contract import schemas
from caviar.service.contract.errors import FieldError, Invalid
from caviar.service.server import store
from caviar.service.server.operations.change_study import change_study
from caviar.service.server.operations.rounds import open_next
from caviar.service.server.rules import budgets, new_trials, presenters, rounds, study_states
from caviar.service.server.rules.change import Change
from caviar.service.server.rules.idempotency import Key
from caviar.service.server.rules.plans import Plan
from caviar.service.server.store.database import Database


@dataclass(frozen=True)
class NoRound:
    """Nothing was done: the study has no round yet that the trials could belong to."""


def enqueue(
    database: Database, name: str, body: schemas.EnqueueBody, key: Key | None = None
) -> schemas.EnqueueAnswer:
    """Let params of the user's own be tried next.

    They take the next numbers and count in the budget: the search's own last trials give way. They
    belong to the current round, which goes on behind them with the proposals that it had. Of a
    finite space, whose settings are tried once, the search does not propose them again. Parameters
    with a single value may be left out.

    Raises:
        NotFound: there is no study of this name.
        Invalid: names everything that is wrong with any of them; nothing changes then.
        Conflict: the study has ended, or its budget has no room for all of them.
    """

    def work(change: Change) -> schemas.EnqueueAnswer | NoRound:
        return _enqueue(change, body)

    while True:
        answer = change_study(database, name, work, answer=schemas.EnqueueAnswer, key=key)
        if not isinstance(answer, NoRound):
            return answer
        open_next(database, name)


def _enqueue(change: Change, body: schemas.EnqueueBody) -> schemas.EnqueueAnswer | NoRound:
    session, study, plan = change.session, change.study, change.plan
    study_states.require_open(study)
    params = _checked(plan, rounds.current_space(session, study, plan), body)
    budget = budgets.paid(study, plan)
    if study.next_number + len(params) > budget:
        raise study_states.no_room(budget, budget - study.next_number)
    current = store.rounds.last(session, study)
    if current is None:
        return NoRound()
    change.mark()
    rounds.take_out(session, study, plan, params)
    rows = new_trials.add(change, current, params, enqueued=True)
    current.enqueued += len(rows)
    session.flush()
    return schemas.EnqueueAnswer(trials=[presenters.trials.trial(row) for row in rows])


def _checked(plan: Plan, space: SearchSpace, body: schemas.EnqueueBody) -> list[Params]:
    """The params of all trials, or an error for each that is wrong."""
    valid: list[Params] = []
    errors: list[FieldError] = []
    for place, trial in enumerate(body.trials):
        where = f"trials[{place}].params"
        try:
            params = space.validate(trial.params)
            plan.kind.check_params(plan.definition, params)
            valid.append(params)
        except SpaceError as error:
            field = f"{where}.{error.path}" if error.path else where
            errors.append(FieldError(field, error.message))
        except engine.RecipeError as error:
            errors.append(FieldError(f"{where}.{error.parameter}", error.message))
    if errors:
        raise Invalid.of(*errors)
    return valid
