"""What happens to studies: created, listed, shown, changed, deleted, completed."""

from __future__ import annotations

from sqlalchemy.orm import Session

from service import evidence, plans, schemas, views
from service.database import Database
from service.errors import Conflict, Invalid
from service.idempotency import Key, once
from service.models import StudyRow
from service.states import StudyState
from service.store import evidence as taken
from service.store import rounds, studies, trials


def create(
    database: Database, definition: schemas.StudyDefinition, key: Key | None = None
) -> schemas.Study:
    """Check a definition and start its study.

    Raises:
        Invalid: names the field that cannot be.
        Conflict: there is a study of this name already.
    """
    plan = plans.check(definition)

    def work(session: Session) -> schemas.Study:
        now = database.now(session)

        def add() -> schemas.Study:
            if studies.find(session, definition.name) is not None:
                raise Conflict(
                    f"there is a study named {definition.name!r} already: "
                    "choose another name, or delete it first"
                )
            row = StudyRow(
                name=definition.name,
                kind=definition.objective.kind,
                state=StudyState.RUNNING,
                definition=plan.definition.model_dump_json(),
                revision=1,
                next_number=0,
                epochs_trained=0,
                created_at=now,
                started_at=None,
                finished_at=None,
            )
            studies.add(session, row)
            if definition.warm_start is not None:
                source = definition.warm_start.study
                taken.add(session, row, evidence.take(session, source, plan))
            return _view(session, row)

        return once(session, key, schemas.Study, now, add)

    return database.write(work)


def show(database: Database, name: str) -> schemas.Study:
    """One study.

    Raises:
        NotFound: there is none of this name.
    """
    with database.read() as session:
        return _view(session, studies.get(session, name))


def list_page(
    database: Database, *, limit: int, before: int | None
) -> tuple[list[schemas.Study], int | None]:
    """Studies, the newest first, and the key of the next page."""
    with database.read() as session:
        rows = studies.page(session, limit=limit + 1, before=before)
        shown = rows[:limit]
        more = shown[-1].id if len(rows) > limit else None
        return [_view(session, row) for row in shown], more


def change(database: Database, name: str, wanted: schemas.StudyChange) -> schemas.Study:
    """Pause, go on, stop, or change the budget.

    Raises:
        NotFound: there is none of this name.
        Invalid: the budget is below what was already proposed.
        Conflict: a stopped study does not run again.
    """

    def work(session: Session) -> schemas.Study:
        row = studies.lock(session, name)
        if wanted.budget is not None:
            _set_budget(row, wanted.budget)
        row.revision += 1
        if wanted.state is not None:
            _set_state(session, row, StudyState(wanted.state), database.now(session))
        complete_if_done(session, row)
        session.flush()
        return _view(session, row)

    return database.write(work)


def delete(database: Database, name: str) -> None:
    """Delete a study with its trials, curves and rounds.

    Raises:
        NotFound: there is none of this name.
    """
    database.write(lambda session: studies.remove(session, studies.lock(session, name)))


def complete_if_done(session: Session, row: StudyRow) -> None:
    """Close a running study whose budget is used and whose trials have all ended.

    The caller has locked the study.
    """
    if row.state != StudyState.RUNNING:
        return
    if row.next_number < plans.plan_of(row.definition).definition.budget.trials:
        return
    session.flush()
    if not trials.any_open(session, row):
        row.state = StudyState.COMPLETED


def require_open(row: StudyRow) -> None:
    """Refuse to steer a study that has ended.

    Raises:
        Conflict: it was stopped, or has completed.
    """
    if row.state not in (StudyState.RUNNING, StudyState.PAUSED):
        raise Conflict(f"the study is {row.state}: raise its budget, or create another")


def no_room(plan: plans.Plan, left: int) -> Conflict:
    """The error of a study whose budget has room for so few trials."""
    budget = plan.definition.budget.trials
    return Conflict(
        f"the budget of {budget} trials has room for {max(left, 0)} more: raise it first"
    )


def _set_budget(row: StudyRow, budget: schemas.BudgetChange) -> None:
    if budget.trials < row.next_number:
        raise Invalid.field(
            "budget.trials",
            f"{row.next_number} trials were proposed already: ask for at least as many",
        )
    definition = plans.plan_of(row.definition).definition
    changed = definition.budget.model_copy(update=budget.model_dump())
    grows = budget.trials > definition.budget.trials
    row.definition = definition.model_copy(update={"budget": changed}).model_dump_json()
    if grows and row.state == StudyState.COMPLETED:
        row.state = StudyState.RUNNING


def _set_state(session: Session, row: StudyRow, state: StudyState, now: float) -> None:
    if row.state == state:
        return
    if row.state in (StudyState.STOPPED, StudyState.COMPLETED):
        raise Conflict(f"the study is {row.state}: raise its budget, or create another")
    row.state = state
    if state == StudyState.STOPPED:
        trials.cancel_open(session, row, reason="the study was stopped", now=now)


def _view(session: Session, row: StudyRow) -> schemas.Study:
    plan = plans.plan_of(row.definition)
    last = rounds.last(session, row)
    return views.study(
        row,
        plan,
        counts=studies.counts(session, row.id),
        best=trials.best(session, row, maximize=plan.maximize),
        current_round=None if last is None else last.number,
        evidence=0 if plan.definition.warm_start is None else taken.count(session, row),
    )
