"""Queries on the telling trials of a study: the best, the newest, and a fair sample of the rest.

What readers draw and fit is bounded, however many trials a study has. Each query follows an index
and reads only the columns that figures and importance need.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from caviar.service.contract.states import IN_TRAINING
from caviar.service.server.store import rows
from caviar.service.server.store.models import COMPETES, RoundRow, StudyRow, TrialRow
from caviar.service.server.store.queries import trials

TABLE = rows.TRIALS.c
HERE = TABLE.study_id == bindparam("study_id")

FIRST = 2_000
"""Numbers among which improvements of the best are looked for one by one."""

MAX_STEPS = 500
"""Improvements after those that are looked for by index."""

TELLING = select(
    TABLE.number,
    TABLE.state,
    TABLE.params,
    TABLE.value,
    TABLE.void,
    TABLE.manual,
    TABLE.adjusted,
    TABLE.origin,
    TABLE.replica_of,
).where(HERE)
"""The columns that figures and importance need; the rows are typed as their model."""

BY_VALUE = {False: TABLE.value.asc(), True: TABLE.value.desc()}
NEWEST = TELLING.order_by(TABLE.number.desc()).limit(bindparam("limit"))
BEST = {
    maximize: TELLING.where(COMPETES).order_by(order).limit(bindparam("limit"))
    for maximize, order in BY_VALUE.items()
}
SOME = TELLING.where(TABLE.number.in_(bindparam("numbers", expanding=True)))


@dataclass(frozen=True)
class Size:
    """How many of the best trials, of the newest and of the rest a sample has."""

    best: int
    newest: int
    rest: int

    @property
    def trials(self) -> int:
        """How many trials a sample has at most: all of a study that has no more."""
        return self.best + self.newest + self.rest


def telling(session: Session, study: StudyRow, size: Size, *, maximize: bool) -> Sequence[TrialRow]:
    """The telling trials of a study, by number; all of them if the study is small.

    The rest is chosen by a hash of the numbers, so that a trial that is in the sample stays in it
    while the study grows, as long as there is room.
    """
    if study.next_number <= size.trials:
        found = _rows(session, TELLING, study)
        return sorted(found, key=lambda row: row.number)
    chosen = {
        row.number: row
        for query, limit in ((BEST[maximize], size.best), (NEWEST, size.newest))
        for row in _rows(session, query, study, limit=limit)
    }
    # Of equal trials that of the lowest number is the best, and may be beyond the limit.
    best = trials.best(session, study, maximize=maximize)
    wanted = {*fair_numbers(study.next_number, size.rest)}
    wanted |= set() if best is None else {best.number}
    chosen.update(_by_number(session, study, sorted(wanted - chosen.keys())))
    return [chosen[number] for number in sorted(chosen)]


def history(session: Session, study: StudyRow) -> Sequence[TrialRow]:
    """All trials of a study, by number: a sampler learns from each."""
    session.flush()
    return _rows(session, TELLING.order_by(TABLE.number), study)


def fair_numbers(count: int, most: int) -> list[int]:
    """At most `most` of the numbers below `count`: those of the smallest hashes."""
    if count <= most:
        return list(range(count))
    # Knuth's multiplicative hash: 32-bit integers wrap around.
    hashes = np.arange(count, dtype=np.uint32) * np.uint32(2_654_435_769)
    chosen: list[int] = np.sort(np.argpartition(hashes, most)[:most]).tolist()
    return chosen


def in_training(session: Session, study: StudyRow, most: int) -> Sequence[TrialRow]:
    """The running trials of the highest numbers, then the paused ones, at most `most`."""
    found: list[TrialRow] = []
    for state in IN_TRAINING:
        if study.counts.get(state):
            query = NEWEST.where(TABLE.state == state)
            found += _rows(session, query, study, limit=most - len(found))
    return found


def best(session: Session, study: StudyRow, most: int, *, maximize: bool) -> Sequence[TrialRow]:
    """The best trials that compete, the best first; of equals the lowest number."""
    query = BEST[maximize].order_by(TABLE.number)
    return _rows(session, query, study, limit=most)


def round_spans(session: Session, study: StudyRow) -> Sequence[tuple[int, int, int]]:
    """Number, first trial and length of each round, without what its draws come from."""
    length = RoundRow.size + RoundRow.enqueued
    query = select(RoundRow.number, RoundRow.first, length).where(RoundRow.study_id == study.id)
    found = session.execute(query.order_by(RoundRow.number))
    return [(number, first, trials) for number, first, trials in found]


def improvements(
    session: Session, study: StudyRow, *, maximize: bool
) -> Sequence[tuple[int, float]]:
    """Number and value of each trial that was better than all that compete before it, by number.

    The first numbers are read one by one. From there on the way leads backwards from the best: the
    trial that was the best before it is the best one of a lower number, which an index finds.
    Beyond MAX_STEPS of those steps the oldest are left out.
    """
    sign = -1.0 if maximize else 1.0
    query = select(TABLE.number, TABLE.value).where(HERE, COMPETES)
    early = query.where(TABLE.number < FIRST).order_by(TABLE.number)
    first: list[tuple[int, float]] = []
    for number, value in session.execute(early, {"study_id": study.id}):
        if not first or sign * value < sign * first[-1][1]:
            first.append((number, value))
    worst = first[-1][1] if first else None
    return [*first, *reversed(_backwards(session, study, worst, maximize=maximize))]


def _backwards(
    session: Session, study: StudyRow, worst: float | None, *, maximize: bool
) -> list[tuple[int, float]]:
    """The improvements on a value from number FIRST on, the best one first."""
    steps: list[tuple[int, float]] = []
    values = {"study_id": study.id, "below": study.next_number}
    while len(steps) < MAX_STEPS:
        start = BETTER[maximize] if not steps else WORSE[maximize]
        value = session.scalar(start, values)
        if value is None or value == worst:
            break
        if worst is not None and (value < worst) == maximize:
            break
        number = session.scalar(FIRST_OF, {**values, "value": value})
        steps.append((cast(int, number), value))
        values |= {"value": value, "below": number}
    return steps


# A sum, so that SQLite looks for no index of numbers, and reads values in their order.
_IS_BELOW = TABLE.number + 0 < bindparam("below")
_BELOW = select(TABLE.value).where(HERE, COMPETES, _IS_BELOW).limit(1)
BETTER = {maximize: _BELOW.order_by(order) for maximize, order in BY_VALUE.items()}
"""The best value of the numbers below one."""

WORSE = {
    False: BETTER[False].where(TABLE.value > bindparam("value")),
    True: BETTER[True].where(TABLE.value < bindparam("value")),
}
"""The same, where no better value is: the index is read from that value on."""

FIRST_OF = select(func.min(TABLE.number)).where(HERE, COMPETES, TABLE.value == bindparam("value"))


def _by_number(
    session: Session, study: StudyRow, numbers: Sequence[int]
) -> Iterable[tuple[int, TrialRow]]:
    for first in range(0, len(numbers), trials.CHUNK):
        chunk = numbers[first : first + trials.CHUNK]
        for row in _rows(session, SOME, study, numbers=chunk):
            yield row.number, row


def _rows(
    session: Session, query: Select[TrialRow], study: StudyRow, **values: object
) -> Sequence[TrialRow]:
    found = session.execute(query, {"study_id": study.id, **values}).all()
    return cast(Sequence[TrialRow], found)
