"""One trial with all that is known of its way: checkpoints, rungs, journal, forks."""

from __future__ import annotations

from sqlalchemy.orm import Session

from caviar.service.contract import schemas
from caviar.service.contract.numbers import number
from caviar.service.server.rules import histories
from caviar.service.server.rules import presenters as views
from caviar.service.server.rules.plans import plan_of
from caviar.service.server.store.models import StudyRow, TrialRow
from caviar.service.server.store.queries import checkpoints, journal
from caviar.service.server.store.queries import rungs as arrivals
from caviar.service.server.store.queries import trials as trial_rows


def of(session: Session, study: StudyRow, row: TrialRow) -> schemas.TrialDetail:
    """The detail of a trial."""
    return schemas.TrialDetail(
        **views.trial(row).model_dump(),
        start_epoch=row.start_epoch,
        stop_epoch=row.stop_epoch,
        requested_state=row.requested_state,
        lineage=row.lineage,
        current_params=histories.current_params(row, histories.holding(session, study, row)),
        checkpoints=[
            schemas.CheckpointInfo(epoch=kept.epoch, bytes=kept.size, value=kept.value)
            for kept in checkpoints.of(session, study, row.number)
        ],
        rungs=[
            schemas.RungInfo(epoch=at.epoch, value=at.value, promoted=at.promoted)
            for at in arrivals.of(session, study, row.number)
        ],
        journal=[views.journal_entry(e) for e in journal.of(session, study, row.number)],
        children=[child.number for child in journal.children(session, study, row.number)],
        comparison=_comparison(session, study, row),
    )


def _comparison(session: Session, study: StudyRow, row: TrialRow) -> str | None:
    """Whether a fork's changes helped: its value beside that of its twin."""
    twin_number = (row.origin or {}).get("twin")
    if twin_number is None or twin_number == row.number:
        return None
    plan = plan_of(study.definition)
    twin = trial_rows.get(session, study, twin_number)
    if row.value is None or twin.value is None:
        return f"no value yet beside that of its twin, trial {twin.number}"
    sign = -1 if plan.maximize else 1
    better = sign * (twin.value - row.value)
    verdict = "helped" if better > 0 else "did not help" if better < 0 else "made no difference"
    until = "" if row.epoch == twin.epoch else f" (epochs {row.epoch} and {twin.epoch})"
    return (
        f"the change {verdict}: {plan.definition.objective.metric} {number(row.value)}, against "
        f"{number(twin.value)} of its twin, trial {twin.number}, without it{until}"
    )
