"""Builds answers about trials: rows, details, leases, curves and journals."""

from __future__ import annotations

from sqlalchemy.orm import Session

from caviar.service.contract import schemas
from caviar.service.contract.numbers import number
from caviar.service.contract.states import TrialState
from caviar.service.contract.trial_actions import allowed_actions
from caviar.service.server import store
from caviar.service.server.rules import histories
from caviar.service.server.rules.plans import Plan, plan_of
from caviar.service.server.rules.presenters.times import optional_timestamp, timestamp
from caviar.service.server.store.models import JournalRow, StudyRow, TrialRow


def trial(row: TrialRow) -> schemas.Trial:
    """A row of the table of trials."""
    return schemas.Trial(
        number=row.number,
        state=TrialState(row.state),
        params=row.params,
        value=row.value,
        epoch=row.epoch,
        best_epoch=row.best_epoch,
        metrics=row.metrics,
        round=row.round,
        attempt=row.attempt,
        worker=row.worker,
        started_at=optional_timestamp(row.started_at),
        finished_at=optional_timestamp(row.finished_at),
        reason=row.reason,
        void=row.void,
        void_reason=row.void_reason,
        last_epoch=row.last_epoch,
        manual=row.manual,
        parent=(row.origin or {}).get("trial"),
        enqueued=row.enqueued,
        replica_of=row.replica_of,
        seconds=row.seconds,
        note=row.note,
        tags=row.tags or [],
        revision=row.revision,
    )


def detail(session: Session, study: StudyRow, row: TrialRow) -> schemas.TrialDetail:
    """A trial with its checkpoints, rungs, journal and children, and what may be done to it."""
    adjustments = histories.adjustments(session, study, row)
    return schemas.TrialDetail(
        **trial(row).model_dump(),
        start_epoch=row.start_epoch,
        stop_epoch=row.stop_epoch,
        requested_state=row.requested_state,
        lineage=row.lineage,
        current_params=histories.current_params(row, adjustments),
        allowed_actions=allowed_actions(TrialState(row.state), kind=study.kind, void=row.void),
        checkpoints=[
            schemas.CheckpointInfo(epoch=kept.epoch, bytes=kept.size, value=kept.value)
            for kept in store.checkpoints.of(session, study, row.number)
        ],
        rungs=[
            schemas.RungInfo(epoch=rung.epoch, value=rung.value, promoted=rung.promoted)
            for rung in store.rungs.of(session, study, row.number)
        ],
        journal=[journal_entry(entry) for entry in store.journal.of(session, study, row.number)],
        children=[child.number for child in store.journal.children(session, study, row.number)],
        comparison=_comparison(session, study, row),
    )


def _comparison(session: Session, study: StudyRow, row: TrialRow) -> str | None:
    """Whether a fork's changes helped: its value beside that of its twin."""
    twin_number = (row.origin or {}).get("twin")
    if twin_number is None or twin_number == row.number:
        return None
    plan = plan_of(study.definition)
    twin = store.trials.get(session, study, twin_number)
    if row.value is None or twin.value is None:
        return f"no value yet to compare with that of its twin, trial {twin.number}"
    sign = -1 if plan.maximize else 1
    better = sign * (twin.value - row.value)
    verdict = "helped" if better > 0 else "did not help" if better < 0 else "made no difference"
    until = "" if row.epoch == twin.epoch else f" (epochs {row.epoch} and {twin.epoch})"
    return (
        f"the change {verdict}: {plan.definition.objective.metric} {number(row.value)}, and "
        f"{number(twin.value)} without it in its twin, trial {twin.number}{until}"
    )


def curve(number: int, points: dict[int, dict[str, float]]) -> schemas.Curve:
    """Metrics by epoch of one trial, in columns."""
    epochs = sorted(points)
    names = sorted({name for metrics in points.values() for name in metrics})
    return schemas.Curve(
        number=number,
        epoch=epochs,
        metrics={name: [points[epoch].get(name) for epoch in epochs] for name in names},
    )


def leased_trial(
    study: StudyRow, row: TrialRow, plan: Plan, history: schemas.History | None
) -> schemas.LeasedTrial:
    """A trial as its worker gets it. The row must be running."""
    assert row.lease_token is not None
    assert row.lease_expires_at is not None
    return schemas.LeasedTrial(
        study=study.name,
        number=row.number,
        params=row.params,
        start_epoch=row.start_epoch,
        stop_epoch=row.stop_epoch,
        attempt=row.attempt,
        seconds=row.seconds,
        seed=plan.kind.seed(plan.definition, row),
        lease=schemas.Lease(token=row.lease_token, expires_at=timestamp(row.lease_expires_at)),
        best=(
            None
            if row.value is None
            else schemas.Best(value=row.value, epoch=row.best_epoch, metrics=row.metrics)
        ),
        leave_checkpoint=row.stop_epoch < row.last_epoch or row.manual or plan.panda,
        history=history,
    )


def journal_entry(row: JournalRow) -> schemas.JournalEntry:
    """An entry of the journal."""
    return schemas.JournalEntry(
        id=row.id,
        number=row.number,
        action=row.action,
        epoch=row.epoch,
        detail=row.detail,
        author=row.author,
        reason=row.reason,
        at=timestamp(row.at),
        confirmed=row.confirmed,
        undone=row.undone,
    )
