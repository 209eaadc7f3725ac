"""Studies: created, listed, shown, changed, deleted."""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import Any, Literal

from sqlalchemy.orm import Session

from caviar.service import logs
from caviar.service.contract import schemas
from caviar.service.contract.errors import CaviarError, Conflict, Invalid
from caviar.service.contract.states import StudyState
from caviar.service.server import store
from caviar.service.server.operations.change_study import change_study
from caviar.service.server.rules import (
    budgets,
    datasets,
    feasibility,
    notes,
    observations,
    presenters,
    study_states,
)
from caviar.service.server.rules.change import Change
from caviar.service.server.rules.idempotency import Key, idempotent
from caviar.service.server.rules.plans import compile_plan
from caviar.service.server.rules.presenters.times import timestamp
from caviar.service.server.rules.quotas import require
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import StudyRow

logger = logging.getLogger("caviar")


def create(
    database: Database, definition: schemas.StudyDefinition, key: Key | None = None
) -> schemas.Study:
    """Check a definition and start its study.

    Raises:
        Invalid: names the field that cannot be.
        Conflict: there is a study of this name already.
    """
    with database.read() as session:
        definition = datasets.pin(session, definition)
    budget = definition.budget
    if budget.on_top:  # as it was read of another study
        new = budget.model_copy(update={"trials": budget.searched, "on_top": 0})
        definition = definition.model_copy(update={"budget": new})
    plan = feasibility.check(definition)

    def add(session: Session, now: float) -> schemas.Study:
        if store.studies.find(session, definition.name) is not None:
            raise Conflict(
                f"there is a study named {definition.name!r} already: choose another name, or go "
                'on with it or replace it (in Python if_exists="continue" or "replace")'
            )
        datasets.require(session, definition)
        row = store.rows.new(
            StudyRow,
            name=definition.name,
            kind=definition.objective.kind,
            definition=plan.definition.model_dump_json(),
            created_at=now,
        )
        store.studies.add(session, row)
        if definition.warm_start is not None:
            trials = observations.take(session, definition.warm_start.study, plan)
            store.warm_starts.add(session, row, trials)
        return presenters.studies.study(session, row)

    def transaction(session: Session) -> schemas.Study:
        now = database.now(session)

        def still(study: schemas.Study) -> bool:
            row = store.studies.find(session, study.name)
            return row is not None and timestamp(row.created_at) == study.created_at

        return idempotent(session, key, schemas.Study, now, lambda: add(session, now), still=still)

    created = database.write(transaction)
    logger.info(
        "study %s: created, for %s trials",
        created.name,
        created.budget["trials"],
        extra=logs.about(study=created.name),
    )
    return created


def show(database: Database, name: str) -> schemas.Study:
    """One study.

    Raises:
        NotFound: there is none of this name.
    """
    with database.read() as session:
        return presenters.studies.study(session, store.studies.get(session, name))


def list_page(
    database: Database, query: schemas.StudyListQuery, after: Any
) -> tuple[list[schemas.Study], Any]:
    """Studies, and the key from which the next page goes on; None after all.

    Raises:
        Invalid: `after` is no key of this list.
    """
    only = store.study_pages.Filter(states=query.state, name=query.name, tags=query.tag)
    with database.read() as session:
        rows, more = store.study_pages.page(
            session, only=only, sort=query.sort, after=after, limit=query.limit
        )
        return [presenters.studies.study(session, row) for row in rows], more


def change(database: Database, name: str, body: schemas.StudyChange) -> schemas.Study:
    """Pause, resume or stop a study, or change its budget, its note or its tags.

    Raises:
        NotFound: there is none of this name.
        Invalid: the budget is below what was already proposed.
        Conflict: a stopped study does not run again.
    """

    def work(change: Change) -> schemas.Study:
        if body.budget is not None:
            _set_budget(change, body.budget)
        change.mark()
        notes.annotate(change.study, body)
        if body.state is not None:
            _set_state(change, StudyState(body.state))
        study_states.reconcile(change)
        change.session.flush()
        return presenters.studies.study(change.session, change.study)

    return change_study(database, name, work)


def delete(database: Database, name: str) -> None:
    """Delete a study with its trials, curves and rounds.

    The rows of a large one are deleted by and by: see `sweep`.

    Raises:
        NotFound: there is none of this name.
    """

    def work(change: Change) -> None:
        store.studies.remove(change.session, change.study)
        change.say("deleted")

    change_study(database, name, work)


def sweep(database: Database, *, seconds: float) -> None:
    """Delete rows of studies that were deleted, in short transactions, for so many seconds."""
    with database.read() as session:
        hidden = store.studies.hidden(session)
    end = time.monotonic() + seconds
    for study_id in hidden:
        while database.write(partial(store.studies.remove_part, study_id=study_id)):
            if time.monotonic() > end:
                return


STATES: dict[str, Literal["running", "paused", "stopped"]] = {
    "pause": "paused",
    "resume": "running",
    "stop": "stopped",
}
"""The state that an action on a study asks for."""


def act_on_many(database: Database, body: schemas.StudyActionsBody) -> schemas.StudyActionsAnswer:
    """Pause, resume, stop or delete studies, each in a transaction of its own."""
    return schemas.StudyActionsAnswer(actions=[_act(database, item) for item in body.actions])


def _act(database: Database, item: schemas.StudyActionItem) -> schemas.StudyActionDone:
    problem = None
    try:
        if item.action == "delete":
            delete(database, item.study)
        else:
            change(database, item.study, schemas.StudyChange(state=STATES[item.action]))
    except CaviarError as error:
        problem = schemas.Problem.model_validate(error.problem())
    return schemas.StudyActionDone(
        study=item.study, action=item.action, done=problem is None, problem=problem
    )


def _set_budget(change: Change, budget: schemas.BudgetChange) -> None:
    """Change the limits that are named; a completed study runs again if there is more to do."""
    session, study = change.session, change.study
    definition = change.plan.definition
    named = budget.model_dump(exclude_unset=True)
    changed = definition.model_copy(update={"budget": definition.budget.model_copy(update=named)})
    if definition.mode == "panda" and named.get("trials", 1) != definition.budget.trials:
        raise Invalid.field("budget.trials", "is 1 and its forks in panda mode")
    if "trials" in named:
        require("budget.trials", "trials", changed.budget.trials)
    plan = compile_plan(changed)
    proposed = f"{study.next_number} trials were proposed already"
    if "trials" in named and changed.budget.trials < study.next_number:
        raise Invalid.field("budget.trials", f"{proposed}: ask for at least as many")
    epochs = changed.budget.epochs
    if epochs is not None and epochs != definition.budget.epochs:
        least = budgets.epochs_proposed(session, study, plan)
        if epochs < least:
            raise Invalid.field("budget.epochs", f"{proposed}: ask for {least} epochs at least")
    study.definition = changed.model_dump_json()
    if epochs is not None and named.keys() & {"trials", "epochs"}:
        study.affordable = budgets.affordable(session, study, plan, epochs)
    if study.state == StudyState.COMPLETED:
        study.state = StudyState.RUNNING


def _set_state(change: Change, state: StudyState) -> None:
    session, study, now = change.session, change.study, change.now
    if study.state == state:
        return
    if study.state in (StudyState.STOPPED, StudyState.COMPLETED):
        raise Conflict(f"the study is {study.state}: raise its budget, or create another")
    change.say(f"{state} by a request")
    study.state = state
    budgets.stop_clock(study, now)
    if state == StudyState.RUNNING and study.started_at is not None:
        budgets.start_clock(study, now)
    if state == StudyState.STOPPED:
        store.checkpoints.forget_open(session, study)
        store.trials.cancel_open(session, study, reason="the study was stopped", now=now)
