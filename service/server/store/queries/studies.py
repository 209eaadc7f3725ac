"""Queries on studies."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from caviar.service.contract.errors import NotFound
from caviar.service.contract.states import StudyState, TrialState
from caviar.service.server.store.models import StudyRow, TrialRow
from caviar.service.server.store.queries.trials import lease_has_expired


def add(session: Session, row: StudyRow) -> None:
    """Insert a study; its id is there afterwards."""
    session.add(row)
    session.flush()


def find(session: Session, name: str) -> StudyRow | None:
    """The study of this name, or None."""
    return session.scalar(select(StudyRow).where(StudyRow.name == name))


def get(session: Session, name: str) -> StudyRow:
    """The study of this name.

    Raises:
        NotFound: there is none.
    """
    row = find(session, name)
    if row is None:
        raise NotFound(f"there is no study named {name!r}")
    return row


def lock(session: Session, name: str) -> StudyRow:
    """The study of this name, locked against other writers until the transaction ends.

    Every change of a study or its trials locks the study first: one order, no deadlocks.

    Raises:
        NotFound: there is none.
    """
    row = session.scalar(select(StudyRow).where(StudyRow.name == name).with_for_update())
    if row is None:
        raise NotFound(f"there is no study named {name!r}")
    return row


def page(session: Session, *, limit: int, before: int | None) -> Sequence[StudyRow]:
    """Studies, the newest first, with an id below `before`."""
    query = select(StudyRow).order_by(StudyRow.id.desc()).limit(limit)
    if before is not None:
        query = query.where(StudyRow.id < before)
    return session.scalars(query).all()


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
    query = (
        select(StudyRow)
        .where(StudyRow.state.in_((StudyState.RUNNING, StudyState.PAUSED)), StudyRow.kind == kind)
        .order_by(StudyRow.id)
    )
    return session.scalars(query).all()


def with_expired_leases(session: Session, now: float) -> Sequence[str]:
    """Names of the studies in which a lease has run out."""
    query = (
        select(StudyRow.name)
        .join(TrialRow, TrialRow.study_id == StudyRow.id)
        .where(TrialRow.state == TrialState.RUNNING, lease_has_expired(now))
        .distinct()
    )
    return session.scalars(query).all()


def on_the_clock(session: Session) -> Sequence[StudyRow]:
    """The running studies whose time is counted."""
    query = select(StudyRow).where(
        StudyRow.state == StudyState.RUNNING, StudyRow.running_since.is_not(None)
    )
    return session.scalars(query).all()


def of_worker(session: Session, worker: str) -> Sequence[str]:
    """Names of the studies in which a worker holds leases."""
    query = (
        select(StudyRow.name)
        .join(TrialRow, TrialRow.study_id == StudyRow.id)
        .where(TrialRow.state == TrialState.RUNNING, TrialRow.worker == worker)
        .distinct()
    )
    return session.scalars(query).all()


def counts(session: Session, study_id: int) -> dict[TrialState, int]:
    """How many trials are in each state, without those that are void."""
    query = (
        select(TrialRow.state, func.count())
        .where(TrialRow.study_id == study_id, TrialRow.void.is_(False))
        .group_by(TrialRow.state)
    )
    counted = {state: count for state, count in session.execute(query)}  # noqa: C416
    return {state: counted.get(state, 0) for state in TrialState}


def count_void(session: Session, study_id: int) -> int:
    """How many trials are void."""
    query = select(func.count()).where(TrialRow.study_id == study_id, TrialRow.void.is_(True))
    return session.scalar(query) or 0


def remove(session: Session, row: StudyRow) -> None:
    """Delete a study with all that belongs to it."""
    session.execute(delete(StudyRow).where(StudyRow.id == row.id))
