"""Queries on rounds."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from caviar.service.server.store.models import RoundRow, StudyRow


def add(session: Session, row: RoundRow) -> None:
    """Insert a round."""
    session.add(row)


def remove(session: Session, row: RoundRow) -> None:
    """Delete a round at once, for another may take its number."""
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
