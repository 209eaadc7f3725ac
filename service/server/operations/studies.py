"""What happens to studies: created, listed, shown, changed, deleted, completed."""

from __future__ import annotations

from sqlalchemy.orm import Session

from caviar.service.contract import schemas
from caviar.service.contract.errors import Conflict, Invalid
from caviar.service.contract.states import StudyState
from caviar.service.server.rules import budgets, observations, plans, rungs
from caviar.service.server.rules import feasibility as checks
from caviar.service.server.rules import presenters as views
from caviar.service.server.rules.idempotency import Key, idempotent
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import StudyRow
from caviar.service.server.store.queries import checkpoints, rounds, studies, trials, warm_starts


def create(
    database: Database, definition: schemas.StudyDefinition, key: Key | None = None
) -> schemas.Study:
    """Check a definition and start its study.

    Raises:
        Invalid: names the field that cannot be.
        Conflict: there is a study of this name already.
    """
    plan = checks.check(definition)

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
                seconds_spent=0.0,
                created_at=now,
                started_at=None,
                finished_at=None,
            )
            studies.add(session, row)
            if definition.warm_start is not None:
                source = definition.warm_start.study
                warm_starts.add(session, row, observations.take(session, source, plan))
            return view(session, row)

        return idempotent(session, key, schemas.Study, now, add)

    return database.write(work)


def show(database: Database, name: str) -> schemas.Study:
    """One study.

    Raises:
        NotFound: there is none of this name.
    """
    with database.read() as session:
        return view(session, studies.get(session, name))


def list_page(
    database: Database, *, limit: int, before: int | None
) -> tuple[list[schemas.Study], int | None]:
    """Studies, the newest first, and the key of the next page."""
    with database.read() as session:
        rows = studies.page(session, limit=limit + 1, before=before)
        shown = rows[:limit]
        more = shown[-1].id if len(rows) > limit else None
        return [view(session, row) for row in shown], more


def change(database: Database, name: str, wanted: schemas.StudyChange) -> schemas.Study:
    """Pause, go on, stop, or change the budget.

    Raises:
        NotFound: there is none of this name.
        Invalid: the budget is below what was already proposed.
        Conflict: a stopped study does not run again.
    """

    def work(session: Session) -> schemas.Study:
        row = studies.lock(session, name)
        now = database.now(session)
        if wanted.budget is not None:
            _set_budget(session, row, wanted.budget)
        row.revision += 1
        if wanted.state is not None:
            _set_state(session, row, StudyState(wanted.state), now)
        reconcile(session, row, now)
        session.flush()
        return view(session, row)

    return database.write(work)


def delete(database: Database, name: str) -> None:
    """Delete a study with its trials, curves and rounds.

    Raises:
        NotFound: there is none of this name.
    """
    database.write(lambda session: studies.remove(session, studies.lock(session, name)))


def reconcile(session: Session, row: StudyRow, now: float) -> None:
    """What follows from a change: rungs are decided, and a study that is done is completed.

    Done is a running study whose trials are all proposed and have ended, or whose time is over and
    that trains nothing. The caller has locked the study and raised its revision.
    """
    rungs.decide(session, row, now)
    if row.state != StudyState.RUNNING:
        return
    plan = plans.plan_of(row.definition)
    session.flush()
    if budgets.out_of_time(row, plan, now):
        done = not trials.any_running(session, row)
    else:
        budgets.estimate(session, row, plan)
        done = row.next_number >= budgets.trials(row, plan) and not trials.any_open(session, row)
    if done:
        row.state = StudyState.COMPLETED
        budgets.stop_clock(row, now)


def end_in_time(session: Session, row: StudyRow, now: float) -> None:
    """End a study whose time is over, once nothing trains. The caller has locked it."""
    if row.state == StudyState.RUNNING and not trials.any_running(session, row):
        row.revision += 1
        reconcile(session, row, now)


def reopen(row: StudyRow, now: float) -> None:
    """Let a completed study run again: there is more to do.

    Raises:
        Conflict: a person has stopped it, or its time is over.
    """
    if row.state == StudyState.STOPPED:
        raise Conflict("the study is stopped: create another")
    if budgets.out_of_time(row, plans.plan_of(row.definition), now):
        raise Conflict("the seconds of the study's budget are over: raise them first")
    if row.state == StudyState.COMPLETED:
        row.state = StudyState.RUNNING


def require_open(row: StudyRow) -> None:
    """Refuse to steer a study that has ended.

    Raises:
        Conflict: it was stopped, or has completed.
    """
    if row.state not in (StudyState.RUNNING, StudyState.PAUSED):
        raise Conflict(f"the study is {row.state}: raise its budget, or create another")


def no_room(budget: int, left: int) -> Conflict:
    """The error of a study whose budget, in trials, has room for so few."""
    more = max(left, 0)
    return Conflict(f"the budget pays for {budget} trials, with room for {more} more: raise it")


def _set_budget(session: Session, row: StudyRow, budget: schemas.BudgetChange) -> None:
    """Change what is named; a completed study goes on if there is more to do then."""
    definition = plans.plan_of(row.definition).definition
    changes = budget.model_dump(exclude_unset=True)
    changed = definition.model_copy(update={"budget": definition.budget.model_copy(update=changes)})
    if definition.mode == "panda" and changes.get("trials", 1) != definition.budget.trials:
        raise Invalid.field("budget.trials", "is 1 and its forks in panda mode")
    plan = plans.compile_plan(changed)
    proposed = f"{row.next_number} trials were proposed already"
    if "trials" in changes and changed.budget.trials < row.next_number:
        raise Invalid.field("budget.trials", f"{proposed}: ask for at least as many")
    epochs = changed.budget.epochs
    if epochs is not None and epochs != definition.budget.epochs:
        least = budgets.epochs_proposed(session, row, plan)
        if epochs < least:
            raise Invalid.field("budget.epochs", f"{proposed}: ask for {least} epochs at least")
    row.definition = changed.model_dump_json()
    if epochs is not None and changes.keys() & {"trials", "epochs"}:
        row.affordable = budgets.affordable(session, row, plan, epochs)
    if row.state == StudyState.COMPLETED:
        row.state = StudyState.RUNNING


def _set_state(session: Session, row: StudyRow, state: StudyState, now: float) -> None:
    if row.state == state:
        return
    if row.state in (StudyState.STOPPED, StudyState.COMPLETED):
        raise Conflict(f"the study is {row.state}: raise its budget, or create another")
    row.state = state
    budgets.stop_clock(row, now)
    if state == StudyState.RUNNING and row.started_at is not None:
        budgets.start_clock(row, now)
    if state == StudyState.STOPPED:
        checkpoints.forget_open(session, row)
        trials.cancel_open(session, row, reason="the study was stopped", now=now)


def view(session: Session, row: StudyRow) -> schemas.Study:
    """A study as it stands."""
    plan = plans.plan_of(row.definition)
    last = rounds.last(session, row)
    return views.study(
        row,
        plan,
        counts=studies.counts(session, row.id),
        void=studies.count_void(session, row.id),
        best=trials.best(session, row, maximize=plan.maximize),
        current_round=None if last is None else last.number,
        warm_start_trials=0
        if plan.definition.warm_start is None
        else warm_starts.count(session, row),
    )
