"""Queries on trials."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from caviar.service.contract.errors import NotFound
from caviar.service.contract.states import OPEN, TrialState
from caviar.service.server.store import rows
from caviar.service.server.store.models import COMPETES, IS_LEASED, StudyRow, TrialRow
from caviar.service.server.store.prepared import Prepared

CHUNK = 500
"""Numbers in one IN list: well below the variables that SQLite takes."""

TABLE = rows.TRIALS.c
OF_STUDY = select(rows.TRIALS).where(TABLE.study_id == bindparam("study_id"))

# What each ask, report and tell needs is built once.
ONE = Prepared(OF_STUDY.where(TABLE.number == bindparam("number")))
SOME = OF_STUDY.where(TABLE.number.in_(bindparam("numbers", expanding=True)))
WAITING = Prepared(
    OF_STUDY.where(TABLE.state == TrialState.WAITING, TABLE.lapsed == bindparam("lapsed"))
    .order_by(TABLE.number)
    .limit(bindparam("limit"))
)
EXPIRED = Prepared(OF_STUDY.where(TABLE.lease_expires_at < bindparam("now")).order_by(TABLE.number))
BEST = {
    maximize: Prepared(
        OF_STUDY.where(COMPETES)
        .order_by(TABLE.value.desc() if maximize else TABLE.value.asc(), TABLE.number)
        .limit(1)
    )
    for maximize in (False, True)
}

AWAITED = TrialRow.manual.is_(False), TrialRow.replica_of.is_(None)
"""Rounds wait for trials that are neither under manual control nor replicas."""


def get(session: Session, study: StudyRow, number: int) -> TrialRow:
    """One trial.

    Raises:
        NotFound: there is none of this number.
    """
    row = by_number(session, study, [number]).get(number) if number >= 0 else None
    if row is None:
        yet = " yet: its first comes when a worker asks" if study.next_number == 0 else ""
        raise NotFound(f"study {study.name!r} has no trial {number}{yet}")
    return row


def by_number(session: Session, study: StudyRow, numbers: Iterable[int]) -> dict[int, TrialRow]:
    """The trials of these numbers; a number that there is none of is left out."""
    wanted = sorted(number for number in set(numbers) if number < study.next_number)
    found: list[TrialRow] = []
    if len(wanted) == 1:
        values = {"study_id": study.id, "number": wanted[0]}
        found = rows.all_of(session, TrialRow, ONE, values, by_key=True)
    else:
        for first in range(0, len(wanted), CHUNK):
            some: dict[str, Any] = {"study_id": study.id, "numbers": wanted[first : first + CHUNK]}
            found += rows.all_of(session, TrialRow, SOME, some, by_key=True)
    return {row.number: row for row in found}


def waiting(session: Session, study: StudyRow, limit: int, *, lapsed: bool) -> Sequence[TrialRow]:
    """Trials that may be leased, the lowest numbers first; whose last lease ran out, or not."""
    session.flush()
    if not study.counts.get(TrialState.WAITING):
        return []
    values = {"study_id": study.id, "lapsed": lapsed, "limit": limit}
    return rows.all_of(session, TrialRow, WAITING, values)


def expired(session: Session, study: StudyRow, now: float) -> Sequence[TrialRow]:
    """Running trials whose lease has run out."""
    if not any_running(session, study):
        return []
    return rows.all_of(session, TrialRow, EXPIRED, {"study_id": study.id, "now": now})


def held_by(session: Session, study: StudyRow, worker: str) -> Sequence[TrialRow]:
    """Running trials that a worker holds."""
    query = OF_STUDY.where(IS_LEASED, TrialRow.worker == worker).order_by(TrialRow.number)
    return rows.all_of(session, TrialRow, query, {"study_id": study.id})


def count_held_by(session: Session, study: StudyRow, worker: str) -> int:
    """How many trials of a study a worker holds."""
    query = select(func.count()).where(
        TrialRow.study_id == study.id, IS_LEASED, TrialRow.worker == worker
    )
    return session.scalar(query) or 0


def rebase_leases(session: Session, now: float) -> None:
    """Give every running trial its whole lease again, from now.

    For a server that starts: its clock knows nothing of the time it was away.
    """
    session.execute(
        update(TrialRow).where(IS_LEASED).values(lease_expires_at=now + TrialRow.lease_seconds)
    )


def any_open(session: Session, study: StudyRow) -> bool:
    """Whether a trial of the study has not ended."""
    return _any_counted(session, study, OPEN)


def any_running(session: Session, study: StudyRow) -> bool:
    """Whether a trial of the study is leased."""
    return _any_counted(session, study, [TrialState.RUNNING])


def _any_counted(session: Session, study: StudyRow, states: Iterable[TrialState]) -> bool:
    session.flush()
    return any(study.counts.get(state) for state in states)


def any_awaited(session: Session, study: StudyRow, *, before: int | None = None) -> bool:
    """Whether a trial has not ended that the next round waits for, or the round `before`."""
    if not any_open(session, study):
        return False
    earlier = () if before is None else (TrialRow.round < before,)
    return _any(session, study, OPEN, *AWAITED, *earlier)


def added(session: Session, study: StudyRow) -> set[int]:
    """The numbers of trials that persons added to the search: enqueued, forks, replicas."""
    by_hand = or_(
        TrialRow.enqueued.is_(True), TrialRow.origin.is_not(None), TrialRow.replica_of.is_not(None)
    )
    query = select(TrialRow.number).where(TrialRow.study_id == study.id, by_hand)
    return set(session.scalars(query))


def params_tried(session: Session, study: StudyRow) -> Sequence[dict[str, Any]]:
    """The params of all trials but forks and replicas."""
    query = select(TrialRow.params).where(
        TrialRow.study_id == study.id, TrialRow.origin.is_(None), TrialRow.replica_of.is_(None)
    )
    return session.scalars(query).all()


def awaited_rounds(session: Session, study: StudyRow) -> set[int]:
    """The rounds that have trials which are awaited and have not ended."""
    query = select(TrialRow.round).where(
        TrialRow.study_id == study.id, TrialRow.state.in_(OPEN), *AWAITED
    )
    return set(session.scalars(query.distinct()))


def _any(
    session: Session, study: StudyRow, states: Sequence[TrialState], *where: ColumnElement[bool]
) -> bool:
    # State by state, for the index gives the first row of each at once.
    queries = (
        select(TrialRow.number)
        .where(TrialRow.study_id == study.id, TrialRow.state == state, *where)
        .limit(1)
        for state in states
    )
    return any(session.scalar(query) is not None for query in queries)


def cancel_open(session: Session, study: StudyRow, *, reason: str, now: float) -> None:
    """End every open trial of a study."""
    session.execute(
        update(TrialRow)
        .where(TrialRow.study_id == study.id, TrialRow.state.in_(OPEN))
        .values(
            state=TrialState.CANCELLED,
            lease_expires_at=None,
            lapsed=False,
            finished_at=now,
            reason=reason,
            revision=study.revision,
        )
    )
    rows.recount(session, study)


def best(session: Session, study: StudyRow, *, maximize: bool) -> TrialRow | None:
    """The completed trial of the best value, no replica; of equals the lowest number."""
    return rows.one_of(session, TrialRow, BEST[maximize], {"study_id": study.id})


def searched(session: Session, study: StudyRow, *, most: int) -> tuple[int, int]:
    """What the search's own trials took: epochs, of each at `most` so many, and how many are open.

    Forks and replicas are not its own. A trial under manual control counts whole. One that failed,
    or diverged at an unknown epoch, counts up to where its segment was to stop: how far it came
    before its worker was lost is known only by chance.
    """
    lost = or_(
        TrialRow.state == TrialState.FAILED,
        and_(TrialRow.state == TrialState.DIVERGED, TrialRow.epoch == 0),
    )
    took = case(
        (TrialRow.manual.is_(True), most), (lost, TrialRow.stop_epoch), else_=TrialRow.epoch
    )
    is_open = and_(TrialRow.state.in_(OPEN), TrialRow.manual.is_(False))
    query = select(
        func.sum(case((is_open, 0), (took > most, most), else_=took)),
        func.sum(case((is_open, 1), else_=0)),
    ).where(TrialRow.study_id == study.id, TrialRow.origin.is_(None), TrialRow.replica_of.is_(None))
    epochs, count = session.execute(query).one()
    return int(epochs or 0), int(count or 0)


def completed_by_its_params() -> tuple[ColumnElement[bool], ...]:
    """That a trial completed, and its value is that of its params alone.

    That is: not void, no replica, no fork, and not adjusted.
    """
    return (
        TrialRow.value.is_not(None),
        TrialRow.state == TrialState.COMPLETED,
        TrialRow.void.is_(False),
        TrialRow.adjusted.is_(False),
        TrialRow.origin.is_(None),
        TrialRow.replica_of.is_(None),
    )


def below(session: Session, study: StudyRow, number: int) -> Sequence[TrialRow]:
    """All trials with a lower number, in order."""
    query = OF_STUDY.where(TrialRow.number < number).order_by(TrialRow.number)
    return rows.all_of(session, TrialRow, query, {"study_id": study.id})


def holders(session: Session) -> Sequence[tuple[str, int, float]]:
    """Workers that hold leases: name, how many, and the start of the latest renewal."""
    query = (
        select(
            TrialRow.worker,
            func.count(),
            func.max(TrialRow.lease_expires_at - TrialRow.lease_seconds),
        )
        .where(IS_LEASED, TrialRow.worker.is_not(None))
        .group_by(TrialRow.worker)
        .order_by(TrialRow.worker)
    )
    return [(str(name), count, float(seen or 0.0)) for name, count, seen in session.execute(query)]
