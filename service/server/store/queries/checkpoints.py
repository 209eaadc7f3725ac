"""Queries on checkpoints."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, bindparam, delete, insert, literal, select
from sqlalchemy.orm import Session, undefer

from caviar.service.contract.states import OPEN, TrialState
from caviar.service.server.store.models import CheckpointRow, StudyRow, TrialRow
from caviar.service.server.store.prepared import Prepared
from caviar.service.server.store.queries import trials

NUMBERS = Prepared(
    select(CheckpointRow.__table__.c.number)
    .where(CheckpointRow.__table__.c.study_id == bindparam("study_id"))
    .distinct()
)


def put(session: Session, study: StudyRow, row: CheckpointRow) -> None:
    """Insert a checkpoint in place of the one of that epoch."""
    forget(session, study, row.number, epochs=[row.epoch])
    session.add(row)
    session.flush()


def _remove(session: Session, study: StudyRow, *where: ColumnElement[bool]) -> None:
    session.execute(delete(CheckpointRow).where(CheckpointRow.study_id == study.id, *where))


def newest(
    session: Session, study: StudyRow, number: int, *, upto: int | None = None, data: bool = False
) -> CheckpointRow | None:
    """The newest checkpoint of a trial, or the newest up to an epoch."""
    query = select(CheckpointRow).where(
        CheckpointRow.study_id == study.id, CheckpointRow.number == number
    )
    if upto is not None:
        query = query.where(CheckpointRow.epoch <= upto)
    if data:
        query = query.options(undefer(CheckpointRow.data))
    return session.scalar(query.order_by(CheckpointRow.epoch.desc()).limit(1))


def at(session: Session, study: StudyRow, number: int, epoch: int) -> CheckpointRow | None:
    """The checkpoint of an epoch, with its data."""
    query = (
        select(CheckpointRow)
        .where(
            CheckpointRow.study_id == study.id,
            CheckpointRow.number == number,
            CheckpointRow.epoch == epoch,
        )
        .options(undefer(CheckpointRow.data))
    )
    return session.scalar(query)


def of(session: Session, study: StudyRow, number: int) -> Sequence[CheckpointRow]:
    """The checkpoints of a trial, without their data, by epoch."""
    query = (
        select(CheckpointRow)
        .where(CheckpointRow.study_id == study.id, CheckpointRow.number == number)
        .order_by(CheckpointRow.epoch)
    )
    return session.scalars(query).all()


def forget(session: Session, study: StudyRow, number: int, *, epochs: Collection[int]) -> None:
    """Drop the checkpoints of these epochs."""
    if epochs:
        _remove(session, study, CheckpointRow.number == number, CheckpointRow.epoch.in_(epochs))


def forget_after(session: Session, study: StudyRow, number: int, epoch: int) -> None:
    """Drop the checkpoints of later epochs."""
    _remove(session, study, CheckpointRow.number == number, CheckpointRow.epoch > epoch)


def forget_all(session: Session, study: StudyRow, numbers: Collection[int]) -> None:
    """Drop every checkpoint of these trials."""
    if numbers:
        _remove(session, study, CheckpointRow.number.in_(numbers))


def forget_open(session: Session, study: StudyRow) -> None:
    """Drop every checkpoint of open trials that are not under manual control."""
    numbers = select(TrialRow.number).where(
        TrialRow.study_id == study.id, TrialRow.state.in_(OPEN), TrialRow.manual.is_(False)
    )
    _remove(session, study, CheckpointRow.number.in_(numbers))


def copy(
    session: Session, study: StudyRow, origin: int, numbers: Sequence[int], epoch: int
) -> None:
    """Copy the checkpoint of an epoch to other trials."""
    names = ("epoch", "value", "best_epoch", "metrics", "size", "created_at", "data")
    columns = [getattr(CheckpointRow, name) for name in names]
    for number in numbers:
        source = select(literal(study.id), literal(number), *columns).where(
            CheckpointRow.study_id == study.id,
            CheckpointRow.number == origin,
            CheckpointRow.epoch == epoch,
        )
        session.execute(insert(CheckpointRow).from_select(["study_id", "number", *names], source))


def of_completed(session: Session, study: StudyRow) -> Sequence[tuple[int, float]]:
    """Completed trials of the search that keep a checkpoint: number and value."""
    # Few trials keep one, and many have completed: so the checkpoints come first.
    numbers = [number for (number,) in NUMBERS.rows(session.connection(), {"study_id": study.id})]
    return [
        (row.number, row.value)
        for row in trials.by_number(session, study, numbers).values()
        if row.state == TrialState.COMPLETED and not row.manual and row.value is not None
    ]
