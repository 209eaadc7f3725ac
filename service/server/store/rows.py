"""Plain rows of studies and trials, and the transactions that write them.

The hot calls (ask, report, tell) read and change a few rows of these two tables thousands of times
a second. The ORM's unit of work watches every attribute of every object and costs more than the
statements themselves. So rows of these tables are plain objects with the attributes of their model,
and a transaction compares them with what it loaded when it writes: one statement for all rows that
changed in the same columns. Typing knows them as their model. All other tables use the ORM.

A transaction also keeps the counts of a study's trials by state, in the study's own row, so that
no reader has to count them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import compress
from operator import is_not
from typing import Any, TypeVar, cast

from sqlalchemy import Select, Table, Update, bindparam, case, func, insert, select, update
from sqlalchemy.orm import Session

from caviar.service.server.store.models import NEW_STUDY, NEW_TRIAL, Base, StudyRow, TrialRow

R = TypeVar("R", bound=Base)

STUDIES = cast(Table, StudyRow.__table__)
TRIALS = cast(Table, TrialRow.__table__)

DEFAULTS: dict[type[Base], dict[str, Any]] = {StudyRow: NEW_STUDY, TrialRow: NEW_TRIAL}

VOID = "void"
"""The key of void trials in the counts of a study; all others are counted by their state."""


class _Plain:
    """A row without the ORM: its columns are ordinary attributes."""


class _Shape:
    """The columns of a model, and the statements that write its rows."""

    def __init__(self, model: type[Base]) -> None:
        self.table = cast(Table, model.__table__)
        self.names = tuple(column.name for column in self.table.columns)
        self.keys = tuple(column.name for column in self.table.primary_key)
        self.plain = type(model.__name__, (_Plain,), {"__doc__": f"A plain row of {model}."})
        self.insert = insert(self.table)
        self.defaults = dict.fromkeys(self.names) | DEFAULTS[model]
        self._updates: dict[tuple[str, ...], Update] = {}

    def update(self, names: tuple[str, ...]) -> Update:
        """The statement that sets these columns of the row whose key is `key_…`."""
        if names not in self._updates:
            here = [self.table.c[name] == bindparam(f"key_{name}") for name in self.keys]
            self._updates[names] = (
                update(self.table).where(*here).values({name: bindparam(name) for name in names})
            )
        return self._updates[names]

    def row(self, values: Iterable[Any]) -> Any:
        """A row of these values, in the order of the columns."""
        row = self.plain()
        row.__dict__.update(zip(self.names, values, strict=True))
        return row


_shape = cache(_Shape)


def new(model: type[R], **fields: Any) -> R:
    """A row that is not stored yet; fields that are not named have their defaults."""
    shape = _shape(model)
    row = shape.plain()
    row.__dict__.update(shape.defaults)
    row.__dict__.update(fields)
    return cast(R, row)


def all_of(
    session: Session, model: type[R], query: Select[Any], values: Mapping[str, Any] | None = None
) -> list[R]:
    """The rows that a select of the model's whole table gives.

    Within a transaction a row is one object, however often it is loaded.
    """
    shape = _shape(model)
    found = session.connection().execute(query, values).all()
    if isinstance(session, Transaction):
        return [session.watched(model, shape, stored) for stored in found]
    return [cast(R, shape.row(stored)) for stored in found]


def one_of(
    session: Session, model: type[R], query: Select[Any], values: Mapping[str, Any] | None = None
) -> R | None:
    """The first of the rows that a select of the model's whole table gives, or None."""
    rows = all_of(session, model, query, values)
    return rows[0] if rows else None


def add(session: Session, trials: Sequence[TrialRow]) -> None:
    """Have the transaction insert new trials when it writes next."""
    cast(Transaction, session).added.extend(trials)


def add_study(session: Session, study: StudyRow) -> None:
    """Insert a study; its id is there afterwards."""
    cast(Transaction, session).insert_study(study)


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
        self._watched: dict[tuple[Any, ...], tuple[Any, tuple[Any, ...]]] = {}

    def watched(self, model: type[R], shape: _Shape, stored: Sequence[Any]) -> R:
        """The one object of a row in this transaction."""
        values = tuple(stored)
        key = self._key(model, values[: len(shape.keys)])
        if key not in self._watched:
            self._watched[key] = shape.row(values), values
        return cast(R, self._watched[key][0])

    @staticmethod
    def _key(model: type[Base], values: tuple[Any, ...]) -> tuple[Any, ...]:
        return (model.__name__, *values)

    def insert_study(self, study: StudyRow) -> None:
        """Insert a study and give it its id."""
        shape = _shape(StudyRow)
        fields = {name: value for name, value in vars(study).items() if name != "id"}
        study.id = (
            self.connection().execute(shape.insert.returning(shape.table.c.id), fields).scalar_one()
        )
        stored = tuple(map(vars(study).__getitem__, shape.names))
        self._watched[self._key(StudyRow, (study.id,))] = study, stored

    def flush(self, objects: Any = None) -> None:
        """Write plain rows, then the objects of the ORM."""
        if self.added or self._watched:
            moved: dict[int, Counter[str]] = defaultdict(Counter)
            self._insert(moved)
            self._update(TrialRow, moved)
            self._count(moved)
            self._update(StudyRow, moved)
        super().flush(objects)

    def _insert(self, moved: dict[int, Counter[str]]) -> None:
        if not self.added:
            return
        rows, self.added = self.added, []
        shape = _shape(TrialRow)
        values = [row.__dict__.copy() for row in rows]
        self.connection().execute(shape.insert, values)
        for row, stored in zip(rows, values, strict=True):
            moved[row.study_id][_place(row.state, void=row.void)] += 1
            key = self._key(TrialRow, (row.study_id, row.number))
            self._watched[key] = row, tuple(map(stored.__getitem__, shape.names))

    def _update(self, model: type[Base], moved: dict[int, Counter[str]]) -> None:
        shape = _shape(model)
        names = shape.names
        batches: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
        for key, (row, stored) in self._watched.items():
            if key[0] != model.__name__:
                continue
            fields = row.__dict__
            values = tuple(map(fields.__getitem__, names))
            # By identity: a new -0.0 is not the 0.0 that was there, though they are equal.
            changed = tuple(compress(names, map(is_not, values, stored)))
            if not changed:
                continue
            batches[changed].append(
                {name: fields[name] for name in changed}
                | {f"key_{name}": fields[name] for name in shape.keys}
            )
            if model is TrialRow and ("state" in changed or "void" in changed):
                before = dict(zip(names, stored, strict=True))
                moved[row.study_id][_place(before["state"], void=before["void"])] -= 1
                moved[row.study_id][_place(row.state, void=row.void)] += 1
            self._watched[key] = row, values
        for changed, rows in batches.items():
            self.connection().execute(shape.update(changed), rows)

    def _count(self, moved: dict[int, Counter[str]]) -> None:
        for study_id, by_place in moved.items():
            study: StudyRow = self._watched[self._key(StudyRow, (study_id,))][0]
            counts = Counter(study.counts)
            counts.update(by_place)
            study.counts = {place: count for place, count in counts.items() if count}


def _place(state: str, *, void: bool) -> str:
    return VOID if void else str(state)
