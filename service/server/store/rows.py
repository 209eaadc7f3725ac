"""Plain rows of studies, rounds and trials, and the transactions that write them.

The hot calls (ask, report, tell) read and change a few rows of these tables thousands of times a
second. The ORM's unit of work watches every attribute of every object and costs more than the
statements themselves. So rows of these tables are plain objects with the attributes of their model,
and a transaction compares them with what it loaded when it writes: one statement for all rows that
changed in the same columns. Typing knows them as their model. All other tables use the ORM.

A transaction also keeps the counts of a study's trials by state, in the study's own row, so that
no reader has to count them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from operator import is_not
from typing import Any, TypeVar, cast

from sqlalchemy import (
    Connection,
    Double,
    Select,
    Table,
    bindparam,
    case,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.orm import Session

from caviar.service.server.store.models import (
    NEW_STUDY,
    NEW_TRIAL,
    Base,
    RoundRow,
    StudyRow,
    TrialRow,
)
from caviar.service.server.store.prepared import Prepared

R = TypeVar("R", bound=Base)

STUDIES = cast(Table, StudyRow.__table__)
ROUNDS = cast(Table, RoundRow.__table__)
TRIALS = cast(Table, TrialRow.__table__)

OF_NAME = select(STUDIES).where(STUDIES.c.name == bindparam("name"))
LOCKED = Prepared(OF_NAME.with_for_update())

_locked = OF_NAME.with_for_update().cte("locked")
CLOCK = literal_column("extract(epoch FROM clock_timestamp())::float8", Double)
LOCKED_AT = Prepared(select(_locked, CLOCK.label("clock")))
"""On PostgreSQL the clock comes along; it is read once the lock is there, however long it took."""

VOID = "void"
"""The key of void trials in the counts of a study; all others are counted by their state."""


class _Plain:
    """A row without the ORM: its columns are ordinary attributes."""

    shape: _Shape


class _Shape:
    """The columns of a model, the class of its plain rows, and the statements that write them."""

    def __init__(self, model: type[Base], defaults: Mapping[str, Any]) -> None:
        self.table = cast(Table, model.__table__)
        self.names = tuple(column.name for column in self.table.columns)
        self.keys = tuple(column.name for column in self.table.primary_key)
        assert self.names[: len(self.keys)] == self.keys
        self.defaults = dict.fromkeys(self.names) | dict(defaults)
        derived = {name: own for name, own in vars(model).items() if isinstance(own, property)}
        self.plain = type(model.__name__, (_Plain,), {**derived, "shape": self})
        self.insert = Prepared(insert(self.table))
        self._updates: dict[tuple[str, ...], Prepared] = {}

    def update(self, names: tuple[str, ...]) -> Prepared:
        """The statement that sets these columns of the row whose key is `key_…`."""
        if names not in self._updates:
            here = [self.table.c[name] == bindparam(f"key_{name}") for name in self.keys]
            values: dict[str, Any] = {name: bindparam(name) for name in names}
            self._updates[names] = Prepared(update(self.table).where(*here).values(values))
        return self._updates[names]

    def row(self, values: Iterable[Any]) -> Any:
        """A row of these values, in the order of the columns."""
        row = self.plain()
        row.__dict__.update(zip(self.names, values, strict=True))
        return row


SHAPES: dict[type[Base], _Shape] = {
    StudyRow: _Shape(StudyRow, NEW_STUDY),
    RoundRow: _Shape(RoundRow, {}),
    TrialRow: _Shape(TrialRow, NEW_TRIAL),
}
"""In the order in which they are inserted: a row comes after what it belongs to."""


def new(model: type[R], **fields: Any) -> R:
    """A row that is not stored yet; fields that are not named have their defaults."""
    shape = SHAPES[model]
    row = shape.plain()
    row.__dict__.update(shape.defaults)
    row.__dict__.update(fields)
    return cast(R, row)


def all_of(
    session: Session,
    model: type[R],
    query: Select[Any] | Prepared,
    values: Mapping[str, Any] | None = None,
    *,
    by_key: bool = False,
) -> list[R]:
    """The rows that a select of the model's whole table gives.

    Within a transaction a row is one object, however often it is loaded. What was changed is
    written before, unless the rows are selected by their keys alone, which never change.
    """
    shape = SHAPES[model]
    if isinstance(session, Transaction):
        if session.added or not by_key:
            session.flush()
        return [session.watched(shape, stored) for stored in _found(session.core, query, values)]
    return [cast(R, shape.row(stored)) for stored in _found(session.connection(), query, values)]


def _found(
    connection: Connection, query: Select[Any] | Prepared, values: Mapping[str, Any] | None
) -> Sequence[Sequence[Any]]:
    if isinstance(query, Prepared):
        return query.rows(connection, values or {})
    return connection.execute(query, values).all()


def one_of(
    session: Session,
    model: type[R],
    query: Select[Any] | Prepared,
    values: Mapping[str, Any] | None = None,
) -> R | None:
    """The first of the rows that a select of the model's whole table gives, or None."""
    rows = all_of(session, model, query, values)
    return rows[0] if rows else None


def lock_study(session: Session, name: str) -> StudyRow | None:
    """The study of this name, locked until the transaction ends, or None."""
    transaction = cast(Transaction, session)
    if transaction.core.dialect.name != "postgresql":
        return one_of(session, StudyRow, LOCKED, {"name": name})
    found = LOCKED_AT.rows(transaction.core, {"name": name})
    if not found:
        return None
    *stored, transaction.locked_at = found[0]
    return cast(StudyRow, transaction.watched(SHAPES[StudyRow], stored))


def add(session: Session, rows: Sequence[RoundRow | TrialRow]) -> None:
    """Have the transaction insert new rows when it writes next."""
    cast(Transaction, session).added.extend(rows)


def add_study(session: Session, study: StudyRow) -> None:
    """Insert a study; its id is there afterwards."""
    cast(Transaction, session).insert_study(study)


def remove(session: Session, row: RoundRow) -> None:
    """Delete a row at once, for another may take its key."""
    cast(Transaction, session).delete_row(row)


def recount(session: Session, study: StudyRow) -> None:
    """Count the trials of a study anew, after a statement that changed many of them."""
    place = case((TRIALS.c.void, VOID), else_=TRIALS.c.state)
    query = select(place, func.count()).where(TRIALS.c.study_id == study.id).group_by(place)
    study.counts = {row[0]: row[1] for row in session.connection().execute(query)}


class Transaction(Session):
    """A session that also writes plain rows: at each flush, those that are new or have changed."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.added: list[Any] = []
        self.locked_at: float | None = None
        """The database's clock when the study was locked, in seconds since 1970, if it told."""
        self._watched: dict[_Shape, dict[tuple[Any, ...], tuple[Any, tuple[Any, ...]]]] = {
            shape: {} for shape in SHAPES.values()
        }
        self._core: Connection | None = None

    @property
    def core(self) -> Connection:
        """The connection of the transaction, for statements that need nothing of the ORM."""
        if self._core is None:
            self._core = self.connection()
        return self._core

    def watched(self, shape: _Shape, stored: Sequence[Any]) -> Any:
        """The one object of a row in this transaction."""
        values = tuple(stored)
        key = values[: len(shape.keys)]
        rows = self._watched[shape]
        if key not in rows:
            rows[key] = shape.row(values), values
        return rows[key][0]

    def _watch(self, row: Any) -> None:
        """Watch a row that was inserted as it is now."""
        shape: _Shape = row.shape
        values = tuple(map(row.__dict__.__getitem__, shape.names))
        self._watched[shape][values[: len(shape.keys)]] = row, values

    def insert_study(self, study: Any) -> None:
        """Insert a study and give it its id."""
        shape: _Shape = study.shape
        fields = {name: value for name, value in vars(study).items() if name != "id"}
        written = self.core.execute(insert(shape.table).returning(shape.table.c.id), fields)
        study.id = written.scalar_one()
        self._watch(study)

    def delete_row(self, row: Any) -> None:
        """Delete a row and forget it."""
        self.flush()
        shape: _Shape = row.shape
        key = tuple(getattr(row, name) for name in shape.keys)
        here = [column == value for column, value in zip(shape.table.primary_key, key, strict=True)]
        self.core.execute(shape.table.delete().where(*here))
        del self._watched[shape][key]

    def flush(self, objects: Any = None) -> None:
        """Write plain rows, then the objects of the ORM."""
        moved: dict[int, Counter[str]] = {}
        if self.added:
            self._insert(moved)
        for shape in reversed(SHAPES.values()):  # a study comes last, with the counts of its trials
            if shape.table is STUDIES and moved:
                self._count(moved)
            if self._watched[shape]:
                self._update(shape, moved)
        super().flush(objects)

    def _insert(self, moved: dict[int, Counter[str]]) -> None:
        rows, self.added = self.added, []
        for shape in SHAPES.values():
            own = [row for row in rows if row.shape is shape]
            if not own:
                continue
            shape.insert.write(self.core, [vars(row) for row in own])
            for row in own:
                self._watch(row)
                if shape.table is TRIALS:
                    _move(moved, row.study_id, None, _place(row.state, row.void))

    def _update(self, shape: _Shape, moved: dict[int, Counter[str]]) -> None:
        names, watched = shape.names, self._watched[shape]
        batches: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
        for key, (row, stored) in watched.items():
            values = tuple(map(row.__dict__.__getitem__, names))
            # By identity: a new -0.0 is not the 0.0 that was there, though they are equal.
            differs = list(map(is_not, values, stored))
            if True not in differs:
                continue
            changed = tuple(compress(names, differs))
            fields = dict(zip(changed, compress(values, differs), strict=True))
            fields |= {f"key_{name}": part for name, part in zip(shape.keys, key, strict=True)}
            batches[changed].append(fields)
            if shape.table is TRIALS and ("state" in changed or "void" in changed):
                before = dict(zip(names, stored, strict=True))
                place = _place(before["state"], before["void"])
                _move(moved, row.study_id, place, _place(row.state, row.void))
            watched[key] = row, values
        for changed, rows in batches.items():
            shape.update(changed).write(self.core, rows)

    def _count(self, moved: dict[int, Counter[str]]) -> None:
        for study_id, by_place in moved.items():
            study: StudyRow = self._watched[SHAPES[StudyRow]][(study_id,)][0]
            counts = Counter(study.counts)
            counts.update(by_place)
            study.counts = {place: count for place, count in counts.items() if count}


def _place(state: str, void: bool) -> str:
    return VOID if void else str(state)


def _move(moved: dict[int, Counter[str]], study_id: int, before: str | None, after: str) -> None:
    """Note that a trial is counted elsewhere from now on."""
    counts = moved.setdefault(study_id, Counter())
    counts[after] += 1
    if before is not None:
        counts[before] -= 1
