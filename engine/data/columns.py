"""Columns and tables: what the user's data is, whatever file or frame it came from."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Literal, TypeAlias

import numpy as np

from caviar.engine.arrays import AnyArray, BoolArray, Indices
from caviar.engine.errors import DatasetError

Kind: TypeAlias = Literal["number", "boolean", "date", "text", "other"]

LISTED = 12
"""The number of names that a message lists."""


@dataclass(frozen=True, eq=False)
class Column:
    """A named column (m,).

    The values of numbers are float64 with NaN where one is missing, those of booleans 0 and 1,
    those of dates days since 1970 (UTC). Those of texts are positions in `levels`, -1 where one is
    missing. Of a column of anything else, such as lists, only its type is known, as its level.
    """

    name: str
    kind: Kind
    values: AnyArray
    levels: tuple[Any, ...] = ()
    """The distinct texts in the order of their appearance; of a mixed column other scalars, too."""
    fixed: bool = False
    """Whether the texts were declared categories: they are never read as numbers."""
    decimal: str = "."
    """The decimal mark of numbers that were texts."""
    day_first: bool = False
    """Whether 03/04/2026 is a day of April, in dates that were texts."""

    def __len__(self) -> int:
        return len(self.values)

    @property
    def missing(self) -> BoolArray:
        """Whether each value is missing, (m,)."""
        return self.values < 0 if self.kind == "text" else np.isnan(self.values)

    def rows(self, rows: Indices | slice) -> "Column":
        """The same column with some of the rows."""
        return replace(self, values=self.values[rows])

    def require_known(self) -> None:
        """Raise DatasetError if the column holds something that cannot be learned from."""
        if self.kind == "other":
            raise DatasetError(
                f"column {self.name!r} holds {self.levels[0]}, and only numbers, booleans, dates "
                "and texts can be used: drop it, or change it"
            )

    def shown(self, row: int) -> str:
        """One value as a message shows it."""
        value = self.values[row]
        if self.kind == "text":
            return "nothing" if value < 0 else f"{self.levels[value]!r:.60}"
        return f"{value:g}"


@dataclass(frozen=True, eq=False)
class Table:
    """Named columns of one length."""

    columns: Mapping[str, Column]
    source: str = ""
    """The kind of file; empty for what was in memory."""

    @property
    def rows(self) -> int:
        """The number of rows, m."""
        return next((len(column) for column in self.columns.values()), 0)

    def column(self, name: str) -> Column:
        """The column of this name.

        Raises DatasetError, which lists the columns, if there is none.
        """
        if name in self.columns:
            return self.columns[name]
        close = get_close_matches(name, self.columns, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise DatasetError(
            f"there is no column {name!r}: the columns are {listed(self.columns)}{hint}"
        )

    def without(self, names: Collection[str]) -> "Table":
        """The table without some columns.

        Raises DatasetError if it does not have one of them.
        """
        for name in names:
            self.column(name)
        kept = {name: column for name, column in self.columns.items() if name not in names}
        return Table(kept, self.source)


def table_from(columns: Iterable[Column], source: str = "") -> Table:
    """A table of these columns.

    Raises DatasetError if there are none, two have one name, or their lengths differ.
    """
    named: dict[str, Column] = {}
    for column in columns:
        if column.name in named:
            raise DatasetError(f"two columns are named {column.name!r}: rename one of them")
        named[column.name] = column
    if not named:
        raise DatasetError("the table has no columns")
    lengths = {name: len(column) for name, column in named.items()}
    if len(set(lengths.values())) > 1:
        shortest, longest = (
            min(lengths, key=lengths.__getitem__),
            max(lengths, key=lengths.__getitem__),
        )
        raise DatasetError(
            f"column {shortest!r} has {lengths[shortest]} values and {longest!r} has "
            f"{lengths[longest]}: all columns must have one length"
        )
    return Table(named, source)


def listed(names: Iterable[object]) -> str:
    """Names for a message, without those past the first few."""
    known = [str(name) for name in names]
    more = f" and {len(known) - LISTED} more" if len(known) > LISTED else ""
    return ", ".join(known[:LISTED]) + more


def factorize(values: Sequence[Any] | AnyArray) -> tuple[AnyArray, tuple[Any, ...]]:
    """Codes (m,), -1 for None, and the distinct values in the order of their appearance.

    Values of different types are distinct, as True and 1 are.
    """
    positions: dict[Any, int] = {}
    codes = np.fromiter(
        (
            -1 if value is None else positions.setdefault((type(value), value), len(positions))
            for value in values
        ),
        np.int32,
        len(values),
    )
    return codes, tuple(value for _, value in positions)
