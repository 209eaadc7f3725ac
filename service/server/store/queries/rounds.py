"""Queries on rounds."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from caviar.service.server.store import rows
from caviar.service.server.store.models import RoundRow, StudyRow
from caviar.service.server.store.prepared import Prepared

OF_STUDY = select(rows.ROUNDS).where(rows.ROUNDS.c.study_id == bindparam("study_id"))
LAST = Prepared(OF_STUDY.order_by(rows.ROUNDS.c.number.desc()).limit(1))


def add(session: Session, row: RoundRow) -> None:
    """Insert a round."""
    rows.add(session, [row])


def remove(session: Session, row: RoundRow) -> None:
    """Delete a round at once, for another may take its number."""
    rows.remove(session, row)


def last(session: Session, study: StudyRow) -> RoundRow | None:
    """The newest round, or None."""
    return rows.one_of(session, RoundRow, LAST, {"study_id": study.id})


def all_of(session: Session, study: StudyRow) -> Sequence[RoundRow]:
    """Every round, from the first."""
    query = OF_STUDY.order_by(RoundRow.number)
    return rows.all_of(session, RoundRow, query, {"study_id": study.id})
