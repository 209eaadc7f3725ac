"""Queries on rungs: which trials came to them, with which values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session, aliased

from caviar.service.contract.states import OPEN
from caviar.service.server.store.models import ArrivalRow, StudyRow, TrialRow
from caviar.service.server.store.queries import trials

Rung: TypeAlias = tuple[int, int, int]
"""Round, bracket and epoch."""


def add(session: Session, row: ArrivalRow) -> None:
    """Store that a trial reached a rung, or reached it again after a rewind."""
    session.merge(row)
    session.flush()


def undecided(session: Session, study: StudyRow) -> Sequence[Rung]:
    """The rungs at which trials wait, the lowest first."""
    query = (
        select(ArrivalRow.round, ArrivalRow.bracket, ArrivalRow.epoch)
        .where(ArrivalRow.study_id == study.id, ArrivalRow.promoted.is_(None))
        .distinct()
        .order_by(ArrivalRow.round, ArrivalRow.bracket, ArrivalRow.epoch)
    )
    return [(r, b, e) for r, b, e in session.execute(query)]


def at(session: Session, study: StudyRow, rung: Rung) -> Sequence[ArrivalRow]:
    """All arrivals at a rung, by number."""
    query = select(ArrivalRow).where(*_at(study, rung)).order_by(ArrivalRow.number)
    return session.scalars(query).all()


def _at(study: StudyRow, rung: Rung) -> tuple[ColumnElement[bool], ...]:
    round_number, bracket, epoch = rung
    return (
        ArrivalRow.study_id == study.id,
        ArrivalRow.round == round_number,
        ArrivalRow.bracket == bracket,
        ArrivalRow.epoch == epoch,
    )


def finished_before(session: Session, study: StudyRow, rung: Rung) -> Sequence[tuple[float, float]]:
    """What completed trials of earlier rounds had at this epoch, and at their end, by number."""
    round_number, _, epoch = rung
    query = (
        select(ArrivalRow.value, TrialRow.value)
        .join(
            TrialRow,
            (TrialRow.study_id == ArrivalRow.study_id) & (TrialRow.number == ArrivalRow.number),
        )
        .where(
            ArrivalRow.study_id == study.id,
            ArrivalRow.epoch == epoch,
            ArrivalRow.round < round_number,
            *trials.completed_by_its_params(),
        )
        .order_by(ArrivalRow.number)
    )
    return [(at_rung, value) for at_rung, value in session.execute(query) if value is not None]


def lowest_to_come(session: Session, study: StudyRow, rung: Rung) -> int | None:
    """The lowest number of a trial of the bracket that is open and was not there yet.

    Trials under manual control and replicas do not come; nor do trials that were released at the
    rung or beyond it, whose segments stop further on.
    """
    round_number, bracket, epoch = rung
    there = aliased(ArrivalRow)
    was_there = (
        select(there.number)
        .where(
            there.study_id == TrialRow.study_id,
            there.number == TrialRow.number,
            there.epoch == epoch,
        )
        .exists()
    )
    query = select(func.min(TrialRow.number)).where(
        TrialRow.study_id == study.id,
        TrialRow.state.in_(OPEN),
        TrialRow.round == round_number,
        TrialRow.bracket == bracket,
        TrialRow.stop_epoch <= epoch,
        TrialRow.manual.is_(False),
        TrialRow.replica_of.is_(None),
        ~was_there,
    )
    return session.scalar(query)


def decide(session: Session, study: StudyRow, epoch: int, promoted: Mapping[int, bool]) -> None:
    """Store which trials were promoted from a rung."""
    for choice in (True, False):
        numbers = [number for number, on in promoted.items() if on is choice]
        if numbers:
            session.execute(
                update(ArrivalRow)
                .where(
                    ArrivalRow.study_id == study.id,
                    ArrivalRow.epoch == epoch,
                    ArrivalRow.number.in_(numbers),
                )
                .values(promoted=choice)
            )


def withdraw(session: Session, study: StudyRow, number: int) -> None:
    """Remove a trial from the rung where it waits."""
    session.execute(
        delete(ArrivalRow).where(
            ArrivalRow.study_id == study.id,
            ArrivalRow.number == number,
            ArrivalRow.promoted.is_(None),
        )
    )


def by_trial(
    session: Session, study: StudyRow, numbers: Sequence[int] | None = None
) -> dict[int, dict[int, float]]:
    """By trial and epoch, the values at rungs; of all trials, or of those of some numbers."""
    query = select(ArrivalRow.number, ArrivalRow.epoch, ArrivalRow.value)
    query = query.where(ArrivalRow.study_id == study.id)
    if numbers is None:
        queries = [query]
    else:
        chunks = (numbers[at : at + trials.CHUNK] for at in range(0, len(numbers), trials.CHUNK))
        queries = [query.where(ArrivalRow.number.in_(chunk)) for chunk in chunks]
    values: dict[int, dict[int, float]] = {}
    for each in queries:
        for number, epoch, value in session.execute(each):
            values.setdefault(number, {})[epoch] = value
    return values


def of(session: Session, study: StudyRow, number: int) -> Sequence[ArrivalRow]:
    """The rungs that a trial came to."""
    query = select(ArrivalRow).where(ArrivalRow.study_id == study.id, ArrivalRow.number == number)
    return session.scalars(query.order_by(ArrivalRow.epoch)).all()
