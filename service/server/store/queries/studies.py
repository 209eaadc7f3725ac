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

HIDDEN = "deleted"
"""The state of a study that is being deleted, which no answer shows."""

REMOVED_AT_ONCE = 500
"""Trials that are deleted in one transaction: other writers wait as long."""

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
    query = select(StudyRow.name).where(StudyRow.state != HIDDEN, has_expired)
    return session.scalars(query).all()


def on_the_clock(session: Session) -> Sequence[StudyRow]:
    """The running studies whose time is counted."""
    query = ALL.where(StudyRow.state == StudyState.RUNNING, StudyRow.running_since.is_not(None))
    return rows.all_of(session, StudyRow, query)


def of_worker(session: Session, worker: str) -> Sequence[str]:
    """Names of the studies in which a worker holds leases."""
    holds = exists().where(TABLE.study_id == StudyRow.id, IS_LEASED, TABLE.worker == worker)
    return session.scalars(select(StudyRow.name).where(StudyRow.state != HIDDEN, holds)).all()


def remove(session: Session, row: StudyRow) -> None:
    """Delete a study with all that belongs to it: at once, or hide it if that takes a while.

    The name of a hidden study is free. No call can name it, for its own name is no slug.
    """
    if row.next_number <= REMOVED_AT_ONCE:
        session.execute(delete(StudyRow).where(StudyRow.id == row.id))
        return
    row.name = f"~{row.id}"
    row.state = HIDDEN


def hidden(session: Session) -> Sequence[int]:
    """The ids of the studies that are hidden until all of them is deleted."""
    return session.scalars(select(StudyRow.id).where(StudyRow.state == HIDDEN)).all()


def remove_part(session: Session, study_id: int) -> bool:
    """Delete some trials of a hidden study, in the end the study; whether anything is left."""
    some = (
        select(TABLE.number)
        .where(TABLE.study_id == study_id)
        .order_by(TABLE.number)
        .limit(REMOVED_AT_ONCE)
    )
    numbers = session.scalars(some).all()
    if numbers:
        session.execute(
            delete(rows.TRIALS).where(
                TABLE.study_id == study_id, TABLE.number.between(numbers[0], numbers[-1])
            )
        )
        return True
    session.execute(delete(StudyRow).where(StudyRow.id == study_id))
    return False
