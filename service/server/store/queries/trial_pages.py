"""Pages of the list of trials: sorted, filtered, and each of a bounded cost.

Where an index has the order, a page is read from its place on. Filters that no index serves are
applied to the rows as they come; a page ends after SCANNED of them, short, with the place to go on
from. Where an index leads to few candidates, or the study has few trials, they are all read and
sorted here, also by what no index has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from caviar.service.contract.errors import Invalid
from caviar.service.server.store import rows
from caviar.service.server.store.models import ANNOTATED, StudyRow
from caviar.service.server.store.queries.trial_orders import (
    BY_REVISION,
    ORDERS,
    SCANNED,
    ByNumber,
    Columns,
    Order,
    Place,
    Stretch,
    place_of,
)

TABLE = rows.TRIALS.c
CHUNK = 500
"""Rows that are read at a time while filters are applied."""

FEW = 5_000
"""Candidates that are all read and sorted here."""


@dataclass(frozen=True)
class Condition:
    """A filter that no index serves.

    Attributes:
        column: the column that it looks at.
        holds: whether a trial of this value passes.
    """

    column: str
    holds: Callable[[Any], bool]


@dataclass(frozen=True)
class Measure:
    """A key that no index has: that of `seconds`, or of a parameter or metric.

    Attributes:
        column: the column that it is read from.
        of: the number in such a column's value; None where there is none.
    """

    column: str
    of: Callable[[Any], float | None]


@dataclass(frozen=True)
class Filter:
    """Which trials a reader wants; a trial must pass all of it."""

    states: Sequence[str] = ()
    min_value: float | None = None
    max_value: float | None = None
    round: int | None = None
    worker: str | None = None
    tags: Sequence[str] = ()
    note: str | None = None
    conditions: Sequence[Condition] = field(default=())

    def __bool__(self) -> bool:
        """Whether it leaves any trial out."""
        return self != Filter()

    def columns(self) -> set[str]:
        """The columns that it looks at."""
        looks = {
            "state": self.states,
            "value": self.value_range(),
            "round": self.round is not None,
            "worker": self.worker,
            "tags": self.tags,
            "note": self.note,
        }
        named = {condition.column for condition in self.conditions}
        return named | {name for name, is_looked_at in looks.items() if is_looked_at}

    def passes(self, trial: Any) -> bool:
        """Whether a trial passes."""
        return (
            (not self.states or trial.state in self.states)
            and self._has_value(trial)
            and (self.round is None or trial.round == self.round)
            and (self.worker is None or trial.worker == self.worker)
            and (not self.tags or set(self.tags) <= set(trial.tags or ()))
            and (not self.note or self.note.casefold() in (trial.note or "").casefold())
            and all(
                condition.holds(getattr(trial, condition.column)) for condition in self.conditions
            )
        )

    def _has_value(self, trial: Any) -> bool:
        low, high = self.min_value, self.max_value
        if low is None and high is None:
            return True
        value = trial.value
        return (
            value is not None and (low is None or value >= low) and (high is None or value <= high)
        )

    def leads(self) -> list[list[ColumnElement[bool]]]:
        """What an index leads to: lists of conditions, whose trials together are the candidates.

        Each condition of a list has its trials in the order of the numbers, by an index.
        """
        found: list[list[ColumnElement[bool]]] = []
        if self.tags or self.note:
            found.append([ANNOTATED])
        if self.round is not None:
            found.append([TABLE.round == self.round])
        if self.worker is not None:
            found.append([TABLE.worker == self.worker])
        if self.states:
            found.append([TABLE.state == state for state in self.states])
        return found

    def value_range(self) -> list[ColumnElement[bool]]:
        """Conditions that the index of the values serves."""
        low = [] if self.min_value is None else [TABLE.value >= self.min_value]
        return low + ([] if self.max_value is None else [TABLE.value <= self.max_value])


@dataclass(frozen=True)
class Page:
    """Trials in their order, and the place from which the next page goes on; None after all."""

    trials: Sequence[Any]
    after: list[Any] | None
    is_whole: bool = True


def page(
    session: Session,
    study: StudyRow,
    columns: Columns,
    *,
    since: int | None = None,
    sort: str = "number",
    measure: Measure | None = None,
    only: Filter = Filter(),
    after: object = None,
    limit: int,
) -> Page:
    """One page of trials in an order.

    Args:
        session: the session.
        study: the study.
        columns: what the rows have; with the columns of every order.
        since: only trials that changed after this revision, in the order of their changes.
        sort: a name of ORDERS; with a measure, any name, which begins with "-" if it falls.
        measure: the key to sort by, which no index has.
        only: which trials.
        after: the place where the page before ended, as a page's token has it.
        limit: the number of trials at most.

    Raises:
        Invalid: `after` is no place of this order, or there are too many trials to sort them.
    """
    found = _found(session, study, columns, since, sort, measure, only, place_of(after), limit)
    if found.is_whole or not found.trials:
        return found
    numbers = [each.number for each in found.trials]
    query = select(*columns).where(TABLE.study_id == study.id, TABLE.number.in_(numbers))
    by_number = {each.number: each for each in session.execute(query)}
    return Page([by_number[number] for number in numbers], found.after)


def _found(
    session: Session,
    study: StudyRow,
    columns: Columns,
    since: int | None,
    sort: str,
    measure: Measure | None,
    only: Filter,
    after: Place | None,
    limit: int,
) -> Page:
    if measure is not None:
        return _measured(session, study, sort, measure, only, after, limit)
    order = BY_REVISION if since is not None else ORDERS[sort]
    if after is not None:
        order.check(after)
    elif since is not None:
        after = (since, 2**31 - 1)
    if not only:
        whole = order.take(session, study, after, limit + 1, columns)
        return _cut(whole, order, limit, is_whole=True)
    looked_at = _columns(only.columns() | order.columns)
    if since is None:
        # A text sorts here as its bytes do, and in the database perhaps as a dictionary has it.
        if sort.removeprefix("-") != "worker":
            candidates = _candidates(session, study, only, looked_at)
            if candidates is not None:
                passed = [each for each in candidates if only.passes(each) and order.admits(each)]
                return _page_of(passed, order.place, after, sort, limit)
        if isinstance(order, ByNumber):
            order = _narrowed(order, only)
    return _cut(_scan(session, study, order, only, after, limit, looked_at), order, limit)


def _columns(names: set[str]) -> Columns:
    return [TABLE[name] for name in sorted({"number"} | names)]


def _cut(found: Stretch, order: Order, limit: int, *, is_whole: bool = False) -> Page:
    """The page of a stretch that has one trial more if there are more."""
    shown = found.trials[:limit]
    end = order.place(shown[-1]) if len(found.trials) > limit else found.end
    return Page(shown, None if end is None else list(end), is_whole)


def _scan(
    session: Session,
    study: StudyRow,
    order: Order,
    only: Filter,
    after: Place | None,
    limit: int,
    columns: Columns,
) -> Stretch:
    """Trials that pass, up to one more than the limit, of the next SCANNED in the order."""
    found: list[Any] = []
    place, left = after, SCANNED
    while left > 0:
        stretch = order.take(session, study, place, CHUNK, columns)
        found += filter(only.passes, stretch.trials)
        place = stretch.end
        left -= CHUNK if len(stretch.trials) == CHUNK else SCANNED
        if place is None or len(found) > limit:
            break
    return Stretch(found, place)


class _Narrowed:
    """The order of the numbers among the trials that an index leads to."""

    def __init__(self, order: ByNumber, leads: Sequence[ColumnElement[bool]]) -> None:
        self.place, self.check, self.admits = order.place, order.check, order.admits
        self.columns, self.leads, self.falls = order.columns, leads, order.falls

    def take(
        self, session: Session, study: StudyRow, after: Place | None, count: int, columns: Columns
    ) -> Stretch:
        """The next of them by number, from each lead's own stretch of its index."""
        here = [TABLE.study_id == study.id]
        if after is not None:
            here.append(TABLE.number < after[1] if self.falls else TABLE.number > after[1])
        order = TABLE.number.desc() if self.falls else TABLE.number.asc()
        found = (
            session.execute(select(*columns).where(*here, lead).order_by(order).limit(count))
            for lead in self.leads
        )
        taken = list(merge(*found, key=attrgetter("number"), reverse=self.falls))[:count]
        return Stretch(taken, self.place(taken[-1]) if len(taken) == count else None)


def _narrowed(order: ByNumber, only: Filter) -> Order:
    """The same order, along an index that leads to the trials of a filter, if one does."""
    leads = only.leads()
    return _Narrowed(order, leads[0]) if leads else order


def _candidates(
    session: Session, study: StudyRow, only: Filter, columns: Columns
) -> Sequence[Any] | None:
    """All trials that an index leads to, if they are few; None if there are too many."""
    here = TABLE.study_id == study.id
    if study.next_number <= FEW:
        return session.execute(select(*columns).where(here)).all()
    value_range = only.value_range()
    for leads in only.leads() + ([value_range] if value_range else []):
        # A range is one stretch of the index; all other leads have a stretch for each.
        together = [leads] if leads is value_range else [[lead] for lead in leads]
        within = [(here, *conditions) for conditions in together]
        if sum(_count(session, conditions) for conditions in within) <= FEW:
            return [
                each
                for conditions in within
                for each in session.execute(select(*columns).where(*conditions))
            ]
    return None


def _count(session: Session, conditions: Sequence[ColumnElement[bool]]) -> int:
    """The number of trials, counted up to one more than FEW."""
    some = select(TABLE.number).where(*conditions).limit(FEW + 1).subquery()
    return session.execute(select(func.count()).select_from(some)).scalar() or 0


def _measured(
    session: Session,
    study: StudyRow,
    sort: str,
    measure: Measure,
    only: Filter,
    after: Place | None,
    limit: int,
) -> Page:
    candidates = _candidates(session, study, only, _columns(only.columns() | {measure.column}))
    if candidates is None:
        raise Invalid.field(
            "sort",
            f"by {sort.removeprefix('-')} is possible among {FEW:,} trials at most, and these "
            "are more: filter by state, round, worker, tag, note, min_value or max_value, or sort "
            "by a column",
        )
    if after is not None and not (
        after[0] is None or (isinstance(after[0], int | float) and not isinstance(after[0], bool))
    ):
        raise Invalid.field("page_token", "is not one that this list gave out")

    def place(trial: Any) -> Place:
        return measure.of(getattr(trial, measure.column)), trial.number

    return _page_of(list(filter(only.passes, candidates)), place, after, sort, limit)


def _page_of(
    found: list[Any],
    place: Callable[[Any], Place],
    after: Place | None,
    sort: str,
    limit: int,
) -> Page:
    """The page of all trials that pass: of equal keys by number, and without a key last."""
    falls = sort.startswith("-")
    by_number = sorted(found, key=attrgetter("number"))
    keyed = [each for each in by_number if place(each)[0] is not None]
    bare = [each for each in by_number if place(each)[0] is None]
    ranked = sorted(keyed, key=lambda each: place(each)[0], reverse=falls) + bare
    rest = ranked if after is None else [t for t in ranked if _is_past(place(t), after, falls)]
    shown = rest[:limit]
    end = list(place(shown[-1])) if len(rest) > limit else None
    return Page(shown, end, is_whole=False)


def _is_past(place: Place, other: Place, falls: bool) -> bool:
    """Whether a place comes behind another one."""
    key, number = place
    if key == other[0]:
        return number > other[1]
    if key is None or other[0] is None:
        return key is None
    return bool(key < other[0] if falls else key > other[0])


MEASURES: Mapping[str, Measure] = {"seconds": Measure("seconds", lambda seconds: seconds)}
"""Keys of their own columns that no index has."""
