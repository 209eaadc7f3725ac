"""Settings of the user's own: checked, numbered, and trained before what the search proposes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from caviar import engine
from caviar.sampler import Params, Round, SearchSpace, SpaceError, round_space
from caviar.service.contract import schemas
from caviar.service.contract.errors import FieldError, Invalid
from caviar.service.server.operations import rounds, studies, trials
from caviar.service.server.rules import budgets
from caviar.service.server.rules import presenters as views
from caviar.service.server.rules.feasibility import check_setting
from caviar.service.server.rules.idempotency import Key, idempotent
from caviar.service.server.rules.plans import Plan, plan_of
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import StudyRow
from caviar.service.server.store.queries import rounds as round_rows
from caviar.service.server.store.queries import studies as study_rows


@dataclass(frozen=True)
class NoRound:
    """Nothing was done: the study has no round yet that the settings could belong to."""


def enqueue(
    database: Database, name: str, body: schemas.EnqueueBody, key: Key | None = None
) -> schemas.EnqueueAnswer:
    """Let settings of the user's own be tried next.

    They take the next numbers and count in the budget: the search's own last trials give way. They
    belong to the current round, which goes on behind them with the proposals that it had.

    Raises:
        NotFound: there is no study of this name.
        Invalid: names everything that is wrong with any of them; nothing changes then.
        Conflict: the study has ended, or its budget has no room for all of them.
    """

    def work(session: Session) -> schemas.EnqueueAnswer | NoRound:
        study = study_rows.lock(session, name)
        now = database.now(session)
        return idempotent(
            session, key, schemas.EnqueueAnswer, now, lambda: _enqueue(session, study, body)
        )

    while isinstance(answer := database.write(work), NoRound):
        rounds.open_next(database, name)
    return answer


def _enqueue(
    session: Session, study: StudyRow, body: schemas.EnqueueBody
) -> schemas.EnqueueAnswer | NoRound:
    plan, row = plan_of(study.definition), round_rows.last(session, study)
    studies.require_open(study)
    space = plan.space if row is None else round_space(plan.space, Round.from_dict(row.data))
    settings = _checked(plan, space, body)
    budget = budgets.trials(study, plan)
    if study.next_number + len(settings) > budget:
        raise studies.no_room(budget, budget - study.next_number)
    if row is None:
        return NoRound()
    study.revision += 1
    added = trials.add(session, study, plan, row, settings, enqueued=True)
    row.enqueued += len(added)
    session.flush()
    return schemas.EnqueueAnswer(trials=[views.trial(each) for each in added])


def _checked(plan: Plan, space: SearchSpace, body: schemas.EnqueueBody) -> list[Params]:
    """All settings, or an error for each that is wrong."""
    settings: list[Params] = []
    errors: list[FieldError] = []
    for place, own in enumerate(body.trials):
        where = f"trials[{place}].params"
        try:
            settings.append(check_setting(plan, space, own.params))
        except SpaceError as error:
            field = f"{where}.{error.path}" if error.path else where
            errors.append(FieldError(field, error.message))
        except engine.RecipeError as error:
            errors.append(FieldError(f"{where}.{error.parameter}", error.message))
    if errors:
        raise Invalid.of(*errors)
    return settings
