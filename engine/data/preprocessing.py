"""Preprocessing: raw columns to features, fitted on the training part, stored as plain JSON.

Numbers, booleans and dates become one feature each, with the median of the training part where a
value is missing, and a second feature that says where. Texts become one feature for each frequent
level, one for all rare levels together and one for missing values.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np

from caviar.engine.arrays import AnyArray, BoolArray, Float64Array, Indices
from caviar.engine.data import texts
from caviar.engine.data.columns import Column, Table, listed
from caviar.engine.data.tables import table_of
from caviar.engine.errors import DatasetError

VERSION = 1

MAX_LEVELS = 32
"""Levels of a column with a feature of their own."""

MAX_LEVEL_CHARACTERS = 200

MIN_LEVEL_ROWS = 2
MIN_LEVEL_SHARE = 0.005
"""How frequent a level is in the training part to have a feature of its own."""

MAX_FEATURES = 10_000
MAX_VALUES = 2**26
"""Examples times features: half a gigabyte as float64."""


@dataclass(frozen=True, kw_only=True)
class NumericEncoder:
    """A number, boolean or date as one feature, and one more that says where it is missing."""

    kind: Literal["number", "boolean", "date"]
    name: str
    fill: float
    """Stands for missing values: the median of the training part."""
    indicator: bool
    """Whether values were missing in the training part."""
    decimal: str = "."
    day_first: bool = False

    @property
    def features(self) -> tuple[str, ...]:
        """The column, and whether it is missing."""
        return (self.name, f"{self.name} is missing") if self.indicator else (self.name,)

    def encode(self, column: Column) -> Float64Array:
        """Features (m, 1) or (m, 2) of a raw column (m,).

        Raises DatasetError, which names the row, for a value that is none of the kind.
        """
        values = self._read(column)
        missing = np.isnan(values)
        filled = np.where(missing, self.fill, values)[:, None]
        return np.hstack([filled, missing[:, None]]) if self.indicator else filled

    def _read(self, column: Column) -> Float64Array:
        read = column
        if column.kind == "text":
            read = texts.without_missing(column)
            given = read.missing
            if self.kind == "boolean":
                read = texts.as_booleans(read)
            elif self.kind == "date":
                read = texts.as_dates(read, day_first=self.day_first)
            else:
                read = texts.as_numbers(read, self.decimal)
            _require(column, read.missing & ~given & ~_spelled_missing(column), self.kind)
        elif (self.kind == "date") != (column.kind == "date"):
            _require(column, ~column.missing, self.kind)
        values: Float64Array = read.values
        _require(column, np.isinf(values), "finite number")
        return values


def _spelled_missing(column: Column) -> BoolArray:
    """Where a text says that a number is missing."""
    spelled = [texts.is_missing(str(level), texts.MISSING_NUMBER) for level in column.levels]
    return np.array([*spelled, True], bool)[column.values]


def _require(column: Column, wrong: BoolArray, what: str) -> None:
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DatasetError(
            f"column {column.name!r} has {column.shown(row)} in row {row}, which is no {what}"
        )


@dataclass(frozen=True, kw_only=True)
class CategoryEncoder:
    """Texts as a feature for each frequent level; rare and unknown ones are `other` together."""

    kind: ClassVar[str] = "category"
    name: str
    levels: tuple[str, ...]
    other: bool
    """Whether the training part had rare levels. Without, an unknown level has no feature set."""
    missing: bool
    """Whether values were missing in the training part. Without, they are as unknown levels."""

    @property
    def features(self) -> tuple[str, ...]:
        """`city=Paris` and so on."""
        own = [f"{self.name}={level}" for level in self.levels]
        rest = [f"{self.name} is other"] * self.other + [f"{self.name} is missing"] * self.missing
        return (*own, *rest)

    def encode(self, column: Column) -> Float64Array:
        """Features (m, n) of a raw column (m,), one of them 1 in each row."""
        column = texts.without_missing(as_text(column))
        place = {level: position for position, level in enumerate(self.levels)}
        none = len(self.features)
        other = len(self.levels) if self.other else none
        missing = len(self.levels) + self.other if self.missing else other
        # One more entry, so that the code -1 of a missing value finds its feature.
        places = np.array([*(place.get(str(v), other) for v in column.levels), missing], np.int64)
        encoded = np.zeros((len(column), none + 1))
        encoded[np.arange(len(column)), places[column.values]] = 1.0
        return encoded[:, :none]


ENCODERS: Mapping[str, type[NumericEncoder] | type[CategoryEncoder]] = {
    "number": NumericEncoder,
    "boolean": NumericEncoder,
    "date": NumericEncoder,
    "category": CategoryEncoder,
}
"""The encoder of each kind of column."""

AnyEncoder: TypeAlias = NumericEncoder | CategoryEncoder


def as_text(column: Column) -> Column:
    """A column of any kind as texts: 3.0 is 3, and booleans are true and false."""
    if column.kind == "text":
        return column
    distinct, codes = np.unique(column.values, return_inverse=True)
    if column.kind == "boolean":
        levels = tuple("true" if value else "false" for value in distinct)
    else:
        levels = tuple(_number_text(float(value)) for value in distinct)
    values = np.where(np.isnan(column.values), -1, codes).astype(np.int32)
    return Column(column.name, "text", values, levels)


def _number_text(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


@dataclass(frozen=True, eq=False)
class Preprocessing:
    """How raw rows become features (m, n): the same at training and at prediction."""

    encoders: tuple[AnyEncoder, ...]
    inputs: tuple[str, ...]
    """All raw columns but the target in their order, also those that are not used."""
    target: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The raw columns that are used."""
        return tuple(encoder.name for encoder in self.encoders)

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the features, (n,)."""
        return tuple(name for encoder in self.encoders for name in encoder.features)

    def transform(self, data: Any) -> Float64Array:
        """Features (m, n) of raw rows: a frame, a dict of columns, dicts, or an array (m, inputs).

        Columns that are not used may be left out, and further ones are ignored. A level that
        training did not know is `other`.

        Raises DatasetError, which names it, for a column that is missing or a value that is wrong.
        """
        table = self._table(data)
        absent = [name for name in self.columns if name not in table.columns]
        if absent:
            raise DatasetError(
                f"there is no column {absent[0]!r}: the model needs {listed(self.columns)}"
                + (f" ({len(absent)} of them are missing)" if len(absent) > 1 else "")
            )
        features = np.empty((table.rows, len(self.features)))
        start = 0
        for encoder in self.encoders:
            stop = start + len(encoder.features)
            column = table.columns[encoder.name]
            column.require_known()
            features[:, start:stop] = encoder.encode(column)
            start = stop
        return features

    def _table(self, data: Any) -> Table:
        if isinstance(data, Table):
            return data
        if hasattr(data, "columns") or isinstance(data, Mapping):
            return table_of(_only(data, self.columns))
        if isinstance(data, Sequence) and data and isinstance(data[0], Mapping):
            return table_of(
                [{name: row[name] for name in row if _in(name, self.columns)} for row in data]
            )
        rows = table_of(data)
        if len(rows.columns) != len(self.inputs):
            raise DatasetError(
                f"rows without names must have the {len(self.inputs)} columns "
                f"{listed(self.inputs)}, not {len(rows.columns)}"
            )
        named = zip(self.inputs, rows.columns.values(), strict=True)
        return Table({name: column for name, column in named if name in self.columns})

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, from which preprocessing_from makes an equal preprocessing."""
        return {
            "version": VERSION,
            "target": self.target,
            "inputs": list(self.inputs),
            "columns": [{"kind": encoder.kind, **asdict(encoder)} for encoder in self.encoders],
        }


def _in(name: Any, names: Sequence[str]) -> bool:
    return str(name).strip() in names


def _only(data: Any, names: Sequence[str]) -> Any:
    """The columns that are used, so that others may hold anything."""
    if isinstance(data, Mapping):
        return {name: values for name, values in data.items() if _in(name, names)}
    return data[[name for name in data.columns if _in(name, names)]]


def preprocessing_from(fields: Any) -> Preprocessing:
    """The preprocessing of plain JSON values, which may come from an untrusted source.

    Raises DatasetError unless they are consistent.
    """
    try:
        if fields["version"] != VERSION:
            raise DatasetError(f"preprocessing of an unknown version {fields['version']!r:.20}")
        inputs = tuple(_checked(name, str) for name in _checked(fields["inputs"], list))
        encoders = tuple(_encoder(entry) for entry in _checked(fields["columns"], list))
        made = Preprocessing(encoders, inputs, _checked(fields["target"], str))
        if not set(made.columns) <= set(inputs) or len(set(made.columns)) < len(made.columns):
            raise DatasetError("preprocessing with columns that are no inputs")
        return made
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"preprocessing cannot be read: {error}") from error


def _encoder(entry: Mapping[str, Any]) -> AnyEncoder:
    kind = entry["kind"]
    name = _checked(entry["name"], str)
    if ENCODERS[kind] is CategoryEncoder:
        levels = tuple(_checked(level, str) for level in _checked(entry["levels"], list))
        if len(levels) > MAX_LEVELS:
            raise ValueError("too many levels")
        other, missing = _checked(entry["other"], bool), _checked(entry["missing"], bool)
        return CategoryEncoder(name=name, levels=levels, other=other, missing=missing)
    fill = float(entry["fill"])
    if not math.isfinite(fill) or entry["decimal"] not in (".", ","):
        raise ValueError(f"column {name!r:.60} cannot be read")
    return NumericEncoder(
        kind=kind,
        name=name,
        fill=fill,
        indicator=_checked(entry["indicator"], bool),
        decimal=entry["decimal"],
        day_first=_checked(entry["day_first"], bool),
    )


def _checked(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{value!r:.60} is no {kind.__name__}")
    return value


def fit(
    table: Table, rows: Indices, *, inputs: Sequence[str], target: str
) -> tuple[Preprocessing, dict[str, str]]:
    """The preprocessing of a table's columns, fitted on the rows of its training part.

    Also the columns that are not used, with the reason: empty, constant, or free text.
    """
    encoders: list[AnyEncoder] = []
    unused: dict[str, str] = {}
    for column in table.columns.values():
        fitted = (
            _fit_category(column, rows) if column.kind == "text" else _fit_numeric(column, rows)
        )
        if isinstance(fitted, str):
            unused[column.name] = fitted
        else:
            encoders.append(fitted)
    return Preprocessing(tuple(encoders), tuple(inputs), target), unused


def _fit_numeric(column: Column, rows: Indices) -> NumericEncoder | str:
    _require(column, np.isinf(column.values), "finite number: remove the row or the value")
    part = column.values[rows]
    present = part[~np.isnan(part)]
    if not len(present):
        return "empty"
    is_complete = len(present) == len(part)
    if is_complete and (present == present[0]).all():
        return "constant"
    # The lower median, so that a boolean is filled with a value that it can have.
    fill = float(np.partition(present, (len(present) - 1) // 2)[(len(present) - 1) // 2])
    assert column.kind != "text"
    assert column.kind != "other"
    return NumericEncoder(
        kind=column.kind,
        name=column.name,
        fill=fill,
        indicator=not is_complete,
        decimal=column.decimal,
        day_first=column.day_first,
    )


def _fit_category(column: Column, rows: Indices) -> CategoryEncoder | str:
    column = texts.without_missing(column)
    part: AnyArray = column.values[rows]
    present = part[part >= 0]
    if not len(present):
        return "empty"
    counts = np.bincount(present, minlength=len(column.levels))
    is_complete = len(present) == len(part)
    if is_complete and np.count_nonzero(counts) == 1:
        return "constant"
    # The mixed levels 1 and "1" are one text.
    by_text: dict[str, int] = {}
    for level, count in zip(column.levels, counts.tolist(), strict=True):
        by_text[str(level)] = by_text.get(str(level), 0) + count
    least = max(MIN_LEVEL_ROWS, math.ceil(MIN_LEVEL_SHARE * len(part)))
    frequent = [
        text
        for text, count in sorted(by_text.items(), key=lambda item: (-item[1], item[0]))
        if count >= least and len(text) <= MAX_LEVEL_CHARACTERS
    ][:MAX_LEVELS]
    if not frequent:
        distinct = np.count_nonzero(counts)
        return f"free text: {distinct:,} different texts, none of them frequent"
    rare = len(present) > sum(by_text[text] for text in frequent)
    return CategoryEncoder(
        name=column.name, levels=tuple(frequent), other=rare, missing=not is_complete
    )


def check_size(rows: int, preprocessing: Preprocessing) -> None:
    """Raise DatasetError if a table would have too many features to be prepared."""
    features = len(preprocessing.features)
    if features > MAX_FEATURES or rows * features > MAX_VALUES:
        raise DatasetError(
            f"the table has {features:,} features in {rows:,} rows; at most {MAX_FEATURES:,} "
            f"features and {MAX_VALUES:,} values are prepared: drop columns or rows"
        )
