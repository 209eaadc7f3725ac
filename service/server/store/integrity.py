"""What the tables must hold, checked in one snapshot; a server may go on beside it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import islice

from sqlalchemy import case, func, not_, or_, select, text
from sqlalchemy.orm import Session

from caviar.service.contract.states import OPEN, TrialState
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import RoundRow, StudyRow, TrialRow
from caviar.service.server.store.queries.studies import HIDDEN

NAMED = 5
"""How many trials a complaint names; of more it says the number."""

VOID = "void"
"""The key of void trials in the counts of a study."""


def of_database(database: Database, session: Session) -> Iterator[str]:
    """What the database itself finds wrong with its pages, indexes and foreign keys."""
    if not database.is_sqlite:
        unsure = text(
            "SELECT conrelid::regclass || '.' || conname FROM pg_constraint "
            "WHERE NOT convalidated UNION ALL "
            "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"
        )
        yield from (f"PostgreSQL has not validated {name}" for name in session.scalars(unsure))
        return
    for complaint in session.scalars(text("PRAGMA integrity_check")):
        if complaint != "ok":
            yield f"the file is damaged: {complaint}"
    broken = Counter(row[0] for row in session.execute(text("PRAGMA foreign_key_check")))
    for table, count in broken.items():
        yield f"{table}: the number of rows whose study or trial is not there is {count}"


def of_studies(session: Session, *, max_attempts: int) -> Iterator[str]:
    """What is wrong in the tables of studies and trials, in words that name the study.

    Args:
        session: reads one snapshot.
        max_attempts: the largest number of attempts that a trial may have.
    """
    names: dict[int, str] = {}
    for study, name in session.execute(select(StudyRow.id, StudyRow.name)):
        names[study] = name
    yield from _numbers(session)
    yield from _counts(session)
    yield from _trials(session, names, max_attempts)


def _numbers(session: Session) -> Iterator[str]:
    """Numbers are 0 to n - 1, each once, where n is the study's counter."""
    number = TrialRow.number
    query = (
        select(
            StudyRow.name,
            StudyRow.next_number,
            func.count(number.distinct()),
            func.coalesce(func.min(number), 0),
            func.coalesce(func.max(number) + 1, 0),
            func.count(number),
        )
        .outerjoin(TrialRow, TrialRow.study_id == StudyRow.id)
        .where(StudyRow.state != HIDDEN)  # some trials of it are deleted already
        .group_by(StudyRow.id, StudyRow.name, StudyRow.next_number)
        .order_by(StudyRow.name)
    )
    for name, following, distinct, first, stop, count in session.execute(query):
        if (distinct, first, stop, count) != (following, 0, following, following):
            yield (
                f"study {name}: its trials should be numbered 0 to {following - 1}, each once: "
                f"there are {count}, {distinct} different ones, from {first} to {stop - 1}"
            )


def _counts(session: Session) -> Iterator[str]:
    """The counts in a study's row are those of its trials."""
    key = case((TrialRow.void, VOID), else_=TrialRow.state)
    counted: defaultdict[int, dict[str, int]] = defaultdict(dict)
    query = select(TrialRow.study_id, key, func.count()).group_by(TrialRow.study_id, key)
    for study, state, count in session.execute(query):
        counted[study][state] = count
    rows = select(StudyRow.id, StudyRow.name, StudyRow.counts).where(StudyRow.state != HIDDEN)
    for study, name, counts in session.execute(rows.order_by(StudyRow.name)):
        kept = {state: count for state, count in counts.items() if count}
        if kept != counted[study]:
            yield f"study {name}: its row counts {kept}, and its trials are {counted[study]}"


def _trials(session: Session, names: dict[int, str], max_attempts: int) -> Iterator[str]:
    """What must hold of each trial by itself."""
    running = TrialRow.state == TrialState.RUNNING
    rules = {
        "the state is unknown": not_(TrialRow.state.in_(list(TrialState))),
        "it runs without a lease, or has a deadline and does not run": or_(
            running & (TrialRow.lease_expires_at.is_(None) | TrialRow.lease_token.is_(None)),
            not_(running) & TrialRow.lease_expires_at.is_not(None),
        ),
        f"it has had more than {max_attempts} attempts": TrialRow.attempt > max_attempts,
        "it has less than no attempt": TrialRow.attempt < 0,
        "it is open and void": TrialRow.void & TrialRow.state.in_(OPEN),
        "it is newer than its study": TrialRow.revision
        > select(StudyRow.revision).where(StudyRow.id == TrialRow.study_id).scalar_subquery(),
        "its round is not there": not_(
            select(RoundRow.number)
            .where(RoundRow.study_id == TrialRow.study_id, RoundRow.number == TrialRow.round)
            .exists()
        ),
    }
    for complaint, where in rules.items():
        query = select(TrialRow.study_id, TrialRow.number).where(where)
        found = defaultdict(list)
        for study, number in session.execute(query.order_by(TrialRow.study_id, TrialRow.number)):
            found[study].append(number)
        for study, numbers in found.items():
            few = ", ".join(map(str, islice(numbers, NAMED)))
            more = f" and {len(numbers) - NAMED} more" if len(numbers) > NAMED else ""
            yield f"study {names.get(study, study)}, trial {few}{more}: {complaint}"
