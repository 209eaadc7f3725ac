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
    """A trial came to a rung: again, if it was sent back before it."""
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
    """Everybody who came to a rung, by number."""
    query = select(ArrivalRow).where(*_at(study, rung)).order_by(ArrivalRow.number)
    return session.scalars(query).all()


def _at(study: StudyRow, rung: Rung) -> tuple[ColumnElement[bool], ...]:
    found, bracket, epoch = rung
    return (
        ArrivalRow.study_id == study.id,
        ArrivalRow.round == found,
        ArrivalRow.bracket == bracket,
        ArrivalRow.epoch == epoch,
    )


def finished_before(session: Session, study: StudyRow, rung: Rung) -> Sequence[tuple[float, float]]:
    """What completed trials of earlier rounds had at this epoch, and at their end, by number."""
    found, _, epoch = rung
    query = (
        select(ArrivalRow.value, TrialRow.value)
        .join(
            TrialRow,
            (TrialRow.study_id == ArrivalRow.study_id) & (TrialRow.number == ArrivalRow.number),
        )
        .where(
            ArrivalRow.study_id == study.id,
            ArrivalRow.epoch == epoch,
            ArrivalRow.round < found,
            *trials.speaks_for_its_settings(),
        )
        .order_by(ArrivalRow.number)
    )
    return [(at_rung, value) for at_rung, value in session.execute(query) if value is not None]


def lowest_to_come(session: Session, study: StudyRow, rung: Rung) -> int | None:
    """The lowest number of a trial of the bracket that is open and was not there yet.

    Trials that a person has, and replicas, do not come; nor does who was given back at the rung or
    beyond: its segment stops further on.
    """
    found, bracket, epoch = rung
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
        TrialRow.round == found,
        TrialRow.bracket == bracket,
        TrialRow.stop_epoch <= epoch,
        TrialRow.manual.is_(False),
        TrialRow.replica_of.is_(None),
        ~was_there,
    )
    return session.scalar(query)


def decide(session: Session, study: StudyRow, epoch: int, promoted: Mapping[int, bool]) -> None:
    """Write down who went on from a rung."""
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
    """Let a trial wait at no rung any more."""
    session.execute(
        delete(ArrivalRow).where(
            ArrivalRow.study_id == study.id,
            ArrivalRow.number == number,
            ArrivalRow.promoted.is_(None),
        )
    )


def by_trial(session: Session, study: StudyRow) -> dict[int, dict[int, float]]:
    """By trial and epoch, the values at rungs."""
    query = select(ArrivalRow.number, ArrivalRow.epoch, ArrivalRow.value)
    found: dict[int, dict[int, float]] = {}
    for number, epoch, value in session.execute(query.where(ArrivalRow.study_id == study.id)):
        found.setdefault(number, {})[epoch] = value
    return found


def of(session: Session, study: StudyRow, number: int) -> Sequence[ArrivalRow]:
    """The rungs that a trial came to."""
    query = select(ArrivalRow).where(ArrivalRow.study_id == study.id, ArrivalRow.number == number)
    return session.scalars(query.order_by(ArrivalRow.epoch)).all()
