"""Queries on rounds."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from caviar.sampler import Round
from caviar.service.server.store.models import RoundRow, StudyRow


def add(session: Session, study: StudyRow, found: Round, *, manual: bool = False) -> RoundRow:
    """Insert a round."""
    row = RoundRow(
        study_id=study.id,
        number=found.number,
        first=found.first,
        size=found.size,
        enqueued=0,
        manual=manual,
        data=found.to_dict(),
    )
    session.add(row)
    return row


def remove(session: Session, row: RoundRow) -> None:
    """Delete a round, at once: another may take its number."""
    session.delete(row)
    session.flush()


def last(session: Session, study: StudyRow) -> RoundRow | None:
    """The newest round, or None."""
    query = select(RoundRow).where(RoundRow.study_id == study.id)
    return session.scalar(query.order_by(RoundRow.number.desc()).limit(1))


def all_of(session: Session, study: StudyRow) -> Sequence[RoundRow]:
    """Every round, from the first."""
    query = select(RoundRow).where(RoundRow.study_id == study.id).order_by(RoundRow.number)
    return session.scalars(query).all()
