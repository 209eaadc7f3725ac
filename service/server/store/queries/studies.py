"""Queries on studies."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, exists, select
from sqlalchemy.orm import Session

from caviar.service.contract.errors import NotFound
from caviar.service.contract.states import StudyState
from caviar.service.server.store import rows
from caviar.service.server.store.models import IS_LEASED, StudyRow
from caviar.service.server.store.prepared import Prepared

TABLE = rows.TRIALS.c
ALL = select(rows.STUDIES)
NAMED = Prepared(rows.OF_NAME)
VERSION = select(rows.STUDIES.c.created_at, rows.STUDIES.c.revision).where(
    rows.STUDIES.c.name == bindparam("name")
)


def add(session: Session, row: StudyRow) -> None:
    """Insert a study; its id is there afterwards."""
    rows.add_study(session, row)


def find(session: Session, name: str) -> StudyRow | None:
    """The study of this name, or None."""
    return rows.one_of(session, StudyRow, NAMED, {"name": name})


def get(session: Session, name: str) -> StudyRow:
    """The study of this name.

    Raises:
        NotFound: there is none.
    """
    row = find(session, name)
    if row is None:
        raise NotFound(f"there is no study named {name!r}")
    return row


def version(session: Session, name: str) -> tuple[float, int]:
    """When the study of this name was created, and its revision.

    Raises:
        NotFound: there is none.
    """
    found = session.execute(VERSION, {"name": name}).one_or_none()
    if found is None:
        raise NotFound(f"there is no study named {name!r}")
    created_at, revision = found
    return created_at, revision


def lock(session: Session, name: str) -> StudyRow:
    """The study of this name, locked against other writers until the transaction ends.

    Every change of a study or its trials locks the study first: one order, no deadlocks.

    Raises:
        NotFound: there is none.
    """
    row = rows.lock_study(session, name)
    if row is None:
        raise NotFound(f"there is no study named {name!r}")
    return row


def running(session: Session, kind: str) -> Sequence[str]:
    """Names of the running studies of a kind of objective, the oldest first."""
    query = (
        select(StudyRow.name)
        .where(StudyRow.state == StudyState.RUNNING, StudyRow.kind == kind)
        .order_by(StudyRow.id)
    )
    return session.scalars(query).all()


def live(session: Session, kind: str) -> Sequence[StudyRow]:
    """Studies of a kind of objective that have not ended, the oldest first."""
    states = (StudyState.RUNNING, StudyState.PAUSED)
    query = ALL.where(StudyRow.state.in_(states), StudyRow.kind == kind).order_by(StudyRow.id)
    return rows.all_of(session, StudyRow, query)


def with_expired_leases(session: Session, now: float) -> Sequence[str]:
    """Names of the studies in which a lease has run out."""
    # Study by study, for the index of leases begins with it.
    has_expired = exists().where(TABLE.study_id == StudyRow.id, TABLE.lease_expires_at < now)
    return session.scalars(select(StudyRow.name).where(has_expired)).all()


def on_the_clock(session: Session) -> Sequence[StudyRow]:
    """The running studies whose time is counted."""
    query = ALL.where(StudyRow.state == StudyState.RUNNING, StudyRow.running_since.is_not(None))
    return rows.all_of(session, StudyRow, query)


def of_worker(session: Session, worker: str) -> Sequence[str]:
    """Names of the studies in which a worker holds leases."""
    holds = exists().where(TABLE.study_id == StudyRow.id, IS_LEASED, TABLE.worker == worker)
    return session.scalars(select(StudyRow.name).where(holds)).all()


def remove(session: Session, row: StudyRow) -> None:
    """Delete a study with all that belongs to it."""
    session.execute(delete(StudyRow).where(StudyRow.id == row.id))
