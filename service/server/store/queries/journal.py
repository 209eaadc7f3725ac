"""Queries on the journal: what persons did to trials."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from caviar.service.server.store import rows
from caviar.service.server.store.models import JournalRow, StudyRow, TrialRow
from caviar.service.server.store.queries import trials

ADJUST = "adjust"


def add(session: Session, row: JournalRow) -> None:
    """Write an entry."""
    session.add(row)
    session.flush()


def copy(
    session: Session,
    study: StudyRow,
    number: int,
    entries: Iterable[JournalRow],
    *,
    confirmed: bool,
) -> None:
    """Write entries of one trial again, for another."""
    names = ("action", "epoch", "detail", "author", "reason", "at", "undone")
    for entry in entries:
        kept = {name: getattr(entry, name) for name in names}
        add(session, JournalRow(study_id=study.id, number=number, confirmed=confirmed, **kept))


def of(session: Session, study: StudyRow, number: int | None = None) -> Sequence[JournalRow]:
    """The entries of a trial, or of all of a study, from the first."""
    query = select(JournalRow).where(JournalRow.study_id == study.id)
    if number is not None:
        query = query.where(JournalRow.number == number)
    return session.scalars(query.order_by(JournalRow.id)).all()


def adjustments(session: Session, study: StudyRow, number: int) -> Sequence[JournalRow]:
    """The adjustments of a trial that hold, or will, in the order in which they take effect."""
    query = (
        select(JournalRow)
        .where(
            JournalRow.study_id == study.id,
            JournalRow.number == number,
            JournalRow.action == ADJUST,
            JournalRow.undone.is_(False),
        )
        .order_by(JournalRow.epoch.is_(None), JournalRow.epoch, JournalRow.id)
    )
    return session.scalars(query).all()


def undo_from(session: Session, study: StudyRow, number: int, epoch: int) -> None:
    """Undo the adjustments made at this epoch or later, and those still to be applied."""
    session.execute(
        update(JournalRow)
        .where(
            JournalRow.study_id == study.id,
            JournalRow.number == number,
            JournalRow.action == ADJUST,
            (JournalRow.epoch >= epoch) | JournalRow.epoch.is_(None),
        )
        .values(undone=True)
    )


def acted_on(session: Session, study: StudyRow) -> Sequence[TrialRow]:
    """The trials that a person acted on, by number."""
    query = trials.OF_STUDY.where(
        TrialRow.manual.is_(True) | TrialRow.adjusted.is_(True) | TrialRow.origin.is_not(None),
    )
    values = {"study_id": study.id}
    return rows.all_of(session, TrialRow, query.order_by(TrialRow.number), values)


def children(session: Session, study: StudyRow, number: int) -> Sequence[TrialRow]:
    """The trials that were forked from a trial."""
    names = select(JournalRow.detail).where(
        JournalRow.study_id == study.id, JournalRow.number == number, JournalRow.action == "fork"
    )
    numbers = [child for detail in session.scalars(names) for child in detail["children"]]
    return [row for _, row in sorted(trials.by_number(session, study, numbers).items())]
