"""The orders of the list of trials, each walked along an index from any place in it.

A place is the key and the number of a trial: what comes after it is read by the index, however far
down the list it is. Of equal keys the lower number comes first, in falling orders, too; so one
index on (study, column, number) serves both directions. What has no key comes last, by number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from operator import attrgetter
from typing import Any, Protocol, TypeAlias

from sqlalchemy import BigInteger, Column, ColumnElement, Integer, String, select
from sqlalchemy.orm import Session

from caviar.service.contract.errors import Invalid
from caviar.service.contract.states import OPEN
from caviar.service.server.store import rows
from caviar.service.server.store.models import ENDED, ODD_ATTEMPT, StudyRow

TABLE = rows.TRIALS.c

SCANNED = 2_000
"""Rows that one call reads where no index leads to those it wants."""

Columns: TypeAlias = Sequence[ColumnElement[Any]]

Place: TypeAlias = tuple[Any, int]
"""A place in an order: the key of a trial, which may be null, and its number."""


@dataclass(frozen=True)
class Stretch:
    """Trials in their order, and the place from which it goes on; None after the last trial."""

    trials: Sequence[Any]
    end: Place | None


class Order(Protocol):
    """An order of the trials of a study.

    Attributes:
        columns: the names of the columns that a trial's place depends on.
    """

    columns: frozenset[str]

    def place(self, trial: Any) -> Place:
        """The place of a trial in the order."""

    def check(self, place: Place) -> None:
        """Refuse what is no place of this order. Raises Invalid."""

    def admits(self, trial: Any) -> bool:
        """Whether a trial has a place in the order."""

    def take(
        self, session: Session, study: StudyRow, after: Place | None, count: int, columns: Columns
    ) -> Stretch:
        """So many trials after a place, as rows of these columns."""


class ByNumber:
    """The order of the numbers."""

    columns = frozenset({"number"})

    def __init__(self, *, falls: bool) -> None:
        self.falls = falls

    def place(self, trial: Any) -> Place:
        """The number is key and number."""
        return trial.number, trial.number

    def check(self, place: Place) -> None:
        """Refuse any other key."""
        _check_key(TABLE.number, place[0])

    def admits(self, trial: Any) -> bool:
        """Every trial."""
        return True

    def take(
        self, session: Session, study: StudyRow, after: Place | None, count: int, columns: Columns
    ) -> Stretch:
        """Trials of higher numbers, or of lower ones."""
        here = [TABLE.study_id == study.id]
        if after is not None:
            here.append(TABLE.number < after[1] if self.falls else TABLE.number > after[1])
        order = TABLE.number.desc() if self.falls else TABLE.number.asc()
        query = select(*columns).where(*here).order_by(order).limit(count)
        return _stretch(self, _all(session, query), count)


class ByColumn:
    """The order of a column that an index has, within each study and before the number.

    Args:
        column: the column.
        falls: whether the largest comes first.
        only: what trials must be to have a place by the column; of a partial index its condition.
        last: those that come behind them: without a key ("null"), not ended ("open"), or none.
    """

    def __init__(
        self,
        column: Column[Any],
        *,
        falls: bool,
        only: tuple[ColumnElement[bool], ...] = (),
        last: str = "null",
    ) -> None:
        self.column, self.falls, self.only, self.last = column, falls, only, last
        self.columns = frozenset({column.name} | ({"finished_at"} if last == "open" else set()))

    def place(self, trial: Any) -> Place:
        """The column's value, or null for those that come last."""
        if self.last == "open" and trial.finished_at is None:
            return None, trial.number
        return getattr(trial, self.column.name), trial.number

    def check(self, place: Place) -> None:
        """Refuse a key that the database cannot compare with."""
        if place[0] is not None or self.last == "none":
            _check_key(self.column, place[0])

    def admits(self, trial: Any) -> bool:
        """Every trial."""
        return True

    def take(
        self, session: Session, study: StudyRow, after: Place | None, count: int, columns: Columns
    ) -> Stretch:
        """The rest of the trials with an equal key, those beyond it, and those without one."""
        found: list[Any] = []
        key, number = after or (None, -1)
        if key is not None and number < 2**31 - 1:
            equal = (self.column == key, TABLE.number > number)
            found += self._by_number(session, study, equal, count, columns)
        if after is None or key is not None:
            found += self._beyond(session, study, key, count - len(found), columns)
            number = -1
        if self.last != "none":
            found += self._last(session, study, number, count - len(found), columns)
        return _stretch(self, found, count)

    def _by_number(
        self,
        session: Session,
        study: StudyRow,
        where: Iterable[ColumnElement[bool]],
        count: int,
        columns: Columns,
    ) -> list[Any]:
        if count <= 0:
            return []
        here = (TABLE.study_id == study.id, *self.only, *where)
        return _all(session, select(*columns).where(*here).order_by(TABLE.number).limit(count))

    def _beyond(
        self, session: Session, study: StudyRow, key: Any, count: int, columns: Columns
    ) -> list[Any]:
        """Trials with a key beyond this one, or with any."""
        if count <= 0:
            return []
        column = self.column
        here = [TABLE.study_id == study.id, *self.only]
        if key is None:
            here.append(column.is_not(None))
        else:
            here.append(column < key if self.falls else column > key)
        query = select(*columns).where(*here)
        if not self.falls:
            return _all(session, query.order_by(column, TABLE.number).limit(count))
        # The index is read backwards, where higher numbers come first: so the trials above the key
        # of the last one are sorted, and those of that key are read forwards.
        edge = session.execute(
            select(column).where(*here).order_by(column.desc()).limit(1).offset(count - 1)
        ).scalar()
        order = column.desc(), TABLE.number
        if edge is None:
            return _all(session, query.order_by(*order))  # fewer than `count`
        found = _all(session, query.where(column > edge).order_by(*order))
        return found + self._by_number(
            session, study, [column == edge], count - len(found), columns
        )

    def _last(
        self, session: Session, study: StudyRow, number: int, count: int, columns: Columns
    ) -> Sequence[Any]:
        if self.last == "null":
            where = self.column.is_(None), TABLE.number > number
            return self._by_number(session, study, where, count, columns)
        if count <= 0:
            return []
        # State by state, for the index has each of them in the order of the numbers.
        found = [
            _all(
                session,
                select(*columns)
                .where(TABLE.study_id == study.id, TABLE.state == state, TABLE.number > number)
                .order_by(TABLE.number)
                .limit(count),
            )
            for state in OPEN
        ]
        return list(merge(*found, key=attrgetter("number")))[:count]


class ByValue(ByColumn):
    """The order of the values. Trials without one, and replicas, have no place in it."""

    def __init__(self, *, falls: bool) -> None:
        super().__init__(TABLE.value, falls=falls, only=(TABLE.replica_of.is_(None),), last="none")
        self.columns |= {"replica_of"}

    def admits(self, trial: Any) -> bool:
        """A trial that has a value and competes."""
        return trial.value is not None and trial.replica_of is None


class ByAttempt:
    """The order of the attempts. Nearly all trials are at their first, so an index has the others.

    Those at their first attempt are looked for by number, in so many rows at a time.
    """

    columns = frozenset({"attempt"})

    def __init__(self, *, falls: bool) -> None:
        self.falls = falls
        below, above = (
            ByColumn(TABLE.attempt, falls=falls, only=(ODD_ATTEMPT, where), last="none")
            for where in (TABLE.attempt < 1, TABLE.attempt > 1)
        )
        self.before, self.behind = (above, below) if falls else (below, above)

    def place(self, trial: Any) -> Place:
        """The attempt and the number."""
        return trial.attempt, trial.number

    def check(self, place: Place) -> None:
        """Refuse what is no attempt."""
        _check_key(TABLE.attempt, place[0])

    def admits(self, trial: Any) -> bool:
        """Every trial."""
        return True

    def take(
        self, session: Session, study: StudyRow, after: Place | None, count: int, columns: Columns
    ) -> Stretch:
        """Trials of fewer attempts, of one, and of more; the other way round if it falls."""
        found: list[Any] = []
        if after is None or (after[0] > 1 if self.falls else after[0] < 1):
            found += self.before.take(session, study, after, count, columns).trials
            after = (1, -1)
        if after[0] == 1 and len(found) < count:
            stop = after[1] + 1 + SCANNED
            query = (
                select(*columns)
                .where(
                    TABLE.study_id == study.id,
                    TABLE.number > after[1],
                    TABLE.number < stop,
                    TABLE.attempt == 1,
                )
                .order_by(TABLE.number)
                .limit(count - len(found))
            )
            found += _all(session, query)
            if len(found) < count and stop < study.next_number:
                return Stretch(found, (1, stop - 1))
        if len(found) < count:
            beyond = None if after[0] == 1 else after
            found += self.behind.take(session, study, beyond, count - len(found), columns).trials
        return _stretch(self, found, count)


def _all(session: Session, query: Any) -> list[Any]:
    return list(session.execute(query))


def _stretch(order: Order, trials: Sequence[Any], count: int) -> Stretch:
    return Stretch(trials, order.place(trials[-1]) if trials and len(trials) >= count else None)


def _check_key(column: Column[Any], key: object) -> None:
    """Refuse a key that is not of the column's type, for one of the databases fails with it."""
    number = key if isinstance(key, int | float) and not isinstance(key, bool) else math.nan
    match column.type:
        case String():
            is_known = isinstance(key, str) and "\0" not in key
        case BigInteger():
            is_known = isinstance(number, int) and abs(number) < 2**63
        case Integer():
            is_known = isinstance(number, int) and abs(number) < 2**31
        case _:
            is_known = abs(number) < 2**63 and math.isfinite(number)
    if not is_known:
        raise Invalid.field("page_token", "is not one that this list gave out")


def place_of(token: object) -> Place | None:
    """The place that a page's token stands for, whatever its order.

    Raises:
        Invalid: it is no place at all.
    """
    match token:
        case None:
            return None
        case [key, int(number)] if not isinstance(number, bool) and -1 <= number < 2**31:
            return key, number
    raise Invalid.field("page_token", "is not one that this list gave out")


def _both(name: str, make: Any) -> Iterator[tuple[str, Order]]:
    yield name, make(falls=False)
    yield f"-{name}", make(falls=True)


def _by(column: Column[Any], **options: Any) -> Any:
    return lambda falls: ByColumn(column, falls=falls, **options)


ORDERS: Mapping[str, Order] = dict(
    pair
    for name, make in {
        "number": ByNumber,
        "value": ByValue,
        "state": _by(TABLE.state, last="none"),
        "round": _by(TABLE.round, last="none"),
        "epoch": _by(TABLE.epoch, only=(ENDED,), last="open"),
        "attempt": ByAttempt,
        "worker": _by(TABLE.worker),
        "started_at": _by(TABLE.started_at),
        "finished_at": _by(TABLE.finished_at, only=(ENDED,), last="open"),
    }.items()
    for pair in _both(name, make)
)
"""The orders that an index serves, by their names in `sort`."""

BY_REVISION: Order = ByColumn(TABLE.revision, falls=False, last="none")
"""The order of changes."""
