"""Builds answers about studies."""

from __future__ import annotations

from sqlalchemy.orm import Session

from caviar.service.contract import schemas
from caviar.service.contract.numbers import texts_of
from caviar.service.contract.states import FINISHED, StudyState, TrialState
from caviar.service.server import store
from caviar.service.server.rules import advice, budgets
from caviar.service.server.rules.plans import Plan, plan_of
from caviar.service.server.rules.presenters import trials
from caviar.service.server.rules.presenters.times import timestamp
from caviar.service.server.store.models import RoundRow, StudyRow


def study(session: Session, row: StudyRow) -> schemas.Study:
    """A study as it stands, with its definition."""
    plan = plan_of(row.definition)
    counts = {state: row.counts.get(state, 0) for state in TrialState}
    void = row.counts.get(store.rows.VOID, 0)
    best = store.trials.best(session, row, maximize=plan.maximize)
    last = store.rounds.last(session, row)
    is_warm = plan.definition.warm_start is not None
    return schemas.Study(
        **plan.definition.model_dump(mode="json"),
        texts=texts_of(plan.definition.space),
        state=StudyState(row.state),
        trials=counts,
        void=void,
        best=None if best is None else trials.trial(best),
        round=None if last is None else last.number,
        warm_start_trials=store.warm_starts.count(session, row) if is_warm else 0,
        warnings=[
            schemas.Advice(field=warning.field, message=warning.message)
            for warning in advice.of(plan)
        ],
        reason=_reason(row, plan, last),
        note=row.note,
        tags=row.tags or [],
        progress=_progress(session, row, plan, counts, void),
        revision=row.revision,
        created_at=timestamp(row.created_at),
    )


def _reason(row: StudyRow, plan: Plan, last: RoundRow | None) -> str | None:
    """Why a study ended before its budget, if it did because every setting was tried."""
    if row.state != StudyState.COMPLETED or last is None or last.settings_left != 0:
        return None
    budget = budgets.paid(row, plan)
    if not last.stop <= row.next_number < budget:
        return None
    return (
        f"Every setting of the space was tried: {row.next_number} of {budget} trials were enough."
    )


def _progress(
    session: Session, row: StudyRow, plan: Plan, counts: dict[TrialState, int], void: int
) -> schemas.Progress:
    finished = void + sum(counts[state] for state in FINISHED)
    total = max(budgets.trials(session, row, plan), row.next_number)
    seconds = max(0.0, (row.finished_at or 0.0) - (row.started_at or 0.0))
    eta = None
    if row.state == StudyState.RUNNING and finished and seconds:
        eta = seconds / finished * max(0, total - finished)
    return schemas.Progress(
        finished=finished,
        total=total,
        epochs_trained=row.epochs_trained,
        seconds=round(seconds, 3),
        eta_seconds=None if eta is None else round(eta, 3),
    )
