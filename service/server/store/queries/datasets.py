"""Queries on data sets."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from caviar.service.server.store.models import DatasetRow


def newest(session: Session) -> Sequence[DatasetRow]:
    """The newest version of each data set, by name."""
    query = select(DatasetRow).order_by(DatasetRow.name, DatasetRow.created_at, DatasetRow.id)
    rows = {row.name: row for row in session.scalars(query)}
    return list(rows.values())


def of(session: Session, name: str, *, lock: bool = False) -> Sequence[DatasetRow]:
    """The versions of a data set, the newest first; locked against other writers or not."""
    query = (
        select(DatasetRow)
        .where(DatasetRow.name == name)
        .order_by(DatasetRow.created_at.desc(), DatasetRow.id.desc())
    )
    return session.scalars(query.with_for_update() if lock else query).all()


def put(session: Session, row: DatasetRow) -> bool:
    """Make a version the newest of its name; whether it is new."""
    for known in of(session, row.name, lock=True):
        if known.version == row.version:
            known.created_at = row.created_at
            known.description = row.description
            return False
    session.add(row)
    session.flush()
    return True


def remove(session: Session, name: str) -> None:
    """Delete every version of a data set."""
    session.execute(delete(DatasetRow).where(DatasetRow.name == name))


def is_used(session: Session, version: str) -> bool:
    """Whether a data set of any name has this version."""
    count = select(func.count()).select_from(DatasetRow).where(DatasetRow.version == version)
    return bool(session.scalar(count))
