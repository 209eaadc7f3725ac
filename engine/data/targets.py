"""The target of a table: classes by their labels, or numbers."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from caviar.engine.arrays import AnyArray, BoolArray, Targets
from caviar.engine.data import texts
from caviar.engine.data.columns import Column, Table, listed
from caviar.engine.data.tables import TARGET
from caviar.engine.errors import DatasetError

MAX_CLASSES = 1_000
MAX_NUMBER_CLASSES = 100
"""Classes that are integers: more of them are rather numbers."""

MAX_LABEL_CHARACTERS = 100


@dataclass(frozen=True, eq=False)
class Target:
    """The targets (m,) of the rows that have one."""

    name: str
    values: Targets
    """Classes 0 … C - 1, or numbers."""
    labels: tuple[Any, ...]
    """The label of each class as it was given: a text, a boolean, a number; empty in regression."""
    present: BoolArray
    """Which rows of the table have a target, (rows,)."""

    @property
    def counts(self) -> AnyArray:
        """The number of rows of each class, (C,)."""
        return np.bincount(self.values, minlength=len(self.labels))


def target_of(table: Table, name: str | None, *, regression: bool) -> Target:
    """The target in a column; without a name that of a table that came with one.

    Raises DatasetError if there is no such column, or it cannot be predicted as wished.
    """
    column = _column(table, name)
    if not regression:
        return _classes(column)
    if column.kind == "text":
        column = _numbers(column)
    if column.kind == "date":
        raise DatasetError(f"the target {column.name!r} holds dates: a regression needs numbers")
    present = ~column.missing
    values = column.values[present]
    if np.isinf(values).any():
        row = int(np.argmax(np.isinf(column.values)))
        raise DatasetError(f"the target {column.name!r} is infinite in row {row}: remove the row")
    if not len(values) or (values == values[0]).all():
        raise DatasetError(
            f"the target {column.name!r} has fewer than two values: nothing to learn"
        )
    return Target(column.name, values, (), present)


def _column(table: Table, name: str | None) -> Column:
    if name is None:
        if TARGET not in table.columns or table.source in ("csv", "parquet"):
            raise DatasetError(
                f"name the column to predict as the target: one of {listed(table.columns)}"
            )
        name = TARGET
    column = table.column(name)
    column.require_known()
    if len(table.columns) == 1:
        raise DatasetError(f"the table has no column beside the target {name!r}")
    return column


def _numbers(column: Column) -> Column:
    """A target of texts as numbers.

    Raises DatasetError, which shows it, for a text that is none.
    """
    read = texts.as_numbers(column, column.decimal)
    given = texts.without_missing(column).missing
    wrong = read.missing & ~given
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DatasetError(
            f"the target {column.name!r} has {column.shown(row)} in row {row}: a regression needs "
            "numbers"
        )
    return read


def _classes(column: Column) -> Target:
    if column.kind == "date":
        raise DatasetError(f"the target {column.name!r} holds dates: choose another column")
    if column.kind == "text":
        column = texts.without_missing(column)
    else:
        _require_whole(column)
        column = _as_levels(column)
    present = ~column.missing
    used, values = np.unique(column.values[present], return_inverse=True)
    labels = [column.levels[position] for position in used]
    order = sorted(range(len(labels)), key=lambda position: _rank(labels[position]))
    _check_labels(column.name, labels, int(present.sum()))
    places = np.empty(len(labels), np.int64)
    places[order] = np.arange(len(labels))
    return Target(
        column.name, places[values], tuple(labels[position] for position in order), present
    )


def _require_whole(column: Column) -> None:
    """Refuse a target of fractions, or of very many integers, as classes."""
    values = column.values[~column.missing]
    fractions = values[values != np.floor(values)]
    name = column.name
    if len(fractions):
        raise DatasetError(
            f"the target {name!r} has fractions such as {fractions[0]:g}: to predict a number, ask "
            "for regression; classes must be texts, booleans or integers"
        )
    distinct = len(np.unique(values))
    if column.kind == "number" and distinct > MAX_NUMBER_CLASSES:
        raise DatasetError(
            f"the target {name!r} has {distinct:,} different integers, which is many for classes: "
            "to predict a number, ask for regression"
        )


def _as_levels(column: Column) -> Column:
    distinct, codes = np.unique(column.values, return_inverse=True)
    make: Any = bool if column.kind == "boolean" else int
    levels = tuple(make(value) for value in distinct if not np.isnan(value))
    values = np.where(column.missing, -1, codes).astype(np.int32)
    return replace(column, kind="text", values=values, levels=levels)


def _rank(label: Any) -> tuple[bool, Any]:
    """Numbers and booleans in their order, then texts."""
    return (isinstance(label, str), label)


def _check_labels(name: str, labels: list[Any], rows: int) -> None:
    if not labels:
        raise DatasetError(f"the target {name!r} is empty")
    if len(labels) == 1:
        raise DatasetError(f"the target {name!r} has one class only, {labels[0]!r}")
    if len(labels) > rows / 2:
        raise DatasetError(
            f"the target {name!r} has {len(labels):,} classes in {rows:,} rows, as an id has: "
            "choose another column"
        )
    if len(labels) > MAX_CLASSES:
        raise DatasetError(
            f"the target {name!r} has {len(labels):,} classes; at most {MAX_CLASSES:,} can be told "
            "apart: group them, or choose another column"
        )
    long = next((label for label in labels if len(str(label)) > MAX_LABEL_CHARACTERS), None)
    if long is not None:
        raise DatasetError(
            f"the target {name!r} has a label of {len(str(long)):,} characters; at most "
            f"{MAX_LABEL_CHARACTERS:,} are taken"
        )
