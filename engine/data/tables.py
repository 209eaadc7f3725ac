"""Tables from memory: frames of polars and pandas, dicts of columns, rows, NumPy arrays.

Frames are recognized by what they offer: neither polars nor pandas is imported here.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np

from caviar.engine.arrays import AnyArray, Float64Array
from caviar.engine.data.columns import Column, Table, factorize, table_from
from caviar.engine.errors import DatasetError

TARGET = "y"
"""The name of a target that came as an array."""

EXACT = 2**53
"""Up to here a float64 has every integer."""

KNOWN = (
    "a frame of polars or pandas, a dict of columns, a list of dicts, an array (m, n), or a pair "
    "of features and targets"
)


def table_of(data: Any) -> Table:
    """The columns of a frame, a dict of columns, a list of rows as dicts, or an array (m, n).

    A pair (X, y) is a table whose last column is the target `y`. The columns of an array are named
    x0, x1, ….

    Raises DatasetError if the data is none of these, or its columns do not fit together.
    """
    if isinstance(data, Table):
        return data
    if isinstance(data, tuple) and len(data) == 2:
        features, target = data
        name = str(getattr(target, "name", None) or TARGET)
        return with_target(table_of(features), target, name)
    return table_from(column_of(name, values) for name, values in _named(data).items())


def with_target(table: Table, target: Any, name: str) -> Table:
    """The table with an array of targets (m,) as its last column."""
    return table_from([*table.columns.values(), column_of(name, target)])


def _named(data: Any) -> dict[str, Any]:
    """The columns by name, each in any form that column_of reads."""
    if hasattr(data, "columns") and hasattr(data, "dtypes"):
        names = [str(name).strip() for name in data.columns]
        values = [
            data.iloc[:, place] if hasattr(data, "iloc") else data[column]
            for place, column in enumerate(data.columns)
        ]
        return _unique(names, values)
    if isinstance(data, Mapping):
        single = bool(data) and all(_is_scalar(value) for value in data.values())
        return _unique(
            [str(name).strip() for name in data],
            [[value] if single else value for value in data.values()],
        )
    if isinstance(data, Sequence) and data and all(isinstance(row, Mapping) for row in data):
        keys = dict.fromkeys(key for row in data for key in row)
        return _unique(
            [str(key).strip() for key in keys],
            [[row.get(key) for row in data] for key in keys],
        )
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        if len({len(row) for row in data if isinstance(row, Sequence)}) > 1:
            raise DatasetError("every row must have the same number of values")
        return _columns_of(np.array(data, object))
    if hasattr(data, "__array__"):
        return _columns_of(np.asarray(data))
    raise DatasetError(f"a table must be {KNOWN}, not {type(data).__name__}")


def _unique(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise DatasetError(f"two columns are named {twice!r}: rename one of them")
    return dict(zip(names, values, strict=True))


def _columns_of(array: AnyArray) -> dict[str, Any]:
    if array.dtype.names is not None and array.ndim == 1:
        return {name: array[name] for name in array.dtype.names}
    if array.ndim != 2:
        raise DatasetError(f"an array of features must be (m, n), not {array.shape}")
    return {f"x{place}": array[:, place] for place in range(array.shape[1])}


def column_of(name: str, values: Any) -> Column:
    """A column (m,) of a Series of polars or pandas, an array, or a sequence of scalars.

    Raises DatasetError if it does not have one value a row.
    """
    if hasattr(values, "is_null") and hasattr(values, "to_list"):
        return _of_polars(name, values)
    if hasattr(values, "isna") and hasattr(values, "dtype"):
        return _of_pandas(name, values)
    array = values if isinstance(values, np.ndarray) else _as_array(name, values)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise DatasetError(f"column {name!r} must have one value a row, not an array {array.shape}")
    return _of_array(name, array)


def _as_array(name: str, values: Any) -> AnyArray:
    if not isinstance(values, Sequence) or isinstance(values, str | bytes):
        if not hasattr(values, "__array__"):
            raise DatasetError(f"column {name!r} must be a sequence, not {type(values).__name__}")
        return np.asarray(values)
    array = np.empty(len(values), object)
    array[:] = list(values)
    return array


def _of_array(name: str, array: AnyArray) -> Column:
    kind = array.dtype.kind
    if kind == "b":
        return Column(name, "boolean", array.astype(np.float64))
    if kind in "iu" and len(array) and max(abs(int(array.min())), int(array.max())) > EXACT:
        return _text(name, [str(value) for value in array.tolist()])
    if kind in "iuf":
        return Column(name, "number", array.astype(np.float64))
    if kind == "M":
        moments = array.astype("datetime64[us]")
        values = moments.astype(np.int64) / 86_400e6
        return Column(name, "date", np.where(np.isnat(moments), np.nan, values))
    if kind in "US":
        return _text(name, array.astype(str).tolist())
    if kind == "O":
        return _of_objects(name, array.tolist())
    return _other(name, len(array), str(array.dtype))


def _other(name: str, rows: int, what: str) -> Column:
    return Column(name, "other", np.full(rows, np.nan), (what,))


def _of_objects(name: str, objects: Sequence[Any]) -> Column:
    values = [None if _is_nothing(value) else _plain(value) for value in objects]
    present = [value for value in values if value is not None]
    if not present:
        return Column(name, "number", np.full(len(values), np.nan))
    if all(isinstance(value, bool) for value in present):
        return Column(name, "boolean", _floats(values))
    numbers = all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in present
    )
    if numbers and all(isinstance(value, float) or abs(value) <= EXACT for value in present):
        return Column(name, "number", _floats(values))
    if all(isinstance(value, date) for value in present):
        return Column(
            name, "date", _floats([None if value is None else _days(value) for value in values])
        )
    for value in present:
        if not isinstance(value, bool | int | float | str):
            return _other(name, len(values), type(value).__name__)
    return _text(name, values)


def _plain(value: Any) -> Any:
    """A scalar of NumPy or pandas as one of Python."""
    if isinstance(value, np.datetime64):
        return value.astype("datetime64[us]").item()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, bool | str | int | float | date):
        # Also of subclasses, such as numpy.str_ and pandas.Timestamp.
        return str(value) if isinstance(value, str) else value
    return float(value) if isinstance(value, Decimal | Real) else value


def _is_nothing(value: Any) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(value, np.datetime64):
        return bool(np.isnat(value))
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | bytes | Real | np.generic | date | Decimal)


def _floats(values: Sequence[Any]) -> Float64Array:
    return np.array([np.nan if value is None else float(value) for value in values], np.float64)


def _days(value: date) -> float:
    if not isinstance(value, datetime):
        return float(value.toordinal() - date(1970, 1, 1).toordinal())
    moment = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    return moment.timestamp() / 86_400


def _text(name: str, values: Sequence[Any], *, fixed: bool = False) -> Column:
    codes, levels = factorize(values)
    return Column(name, "text", codes, levels, fixed=fixed)


def _of_pandas(name: str, series: Any) -> Column:
    kind = getattr(series.dtype, "kind", "O")
    if type(series.dtype).__name__ == "CategoricalDtype":
        values = series.astype(object).where(series.notna(), None).tolist()
        return _text(name, [None if value is None else str(value) for value in values], fixed=True)
    if kind in "iufb" and not isinstance(series.dtype, np.dtype):
        numbers = series.to_numpy(dtype=np.float64, na_value=np.nan)
        return Column(name, "boolean" if kind == "b" else "number", numbers)
    if kind == "M":
        return _of_array(name, series.to_numpy(dtype="datetime64[us]"))
    if isinstance(series.dtype, np.dtype):
        return _of_array(name, series.to_numpy())
    return _of_objects(name, series.astype(object).where(series.notna(), None).tolist())


def _of_polars(name: str, series: Any) -> Column:
    kind = type(series.dtype).__name__
    kind = series.dtype.__name__ if kind == "DataTypeClass" else kind
    if kind in ("Categorical", "Enum"):
        return _text(name, [None if v is None else str(v) for v in series.to_list()], fixed=True)
    if kind == "Boolean" or kind == "Null":
        return _of_objects(name, series.to_list())
    if kind == "String":
        return _text(name, series.to_list())
    if kind in ("Date", "Datetime", "Decimal"):
        return _of_objects(name, series.to_list())
    if series.dtype.is_numeric():
        return _of_array(name, series.to_numpy())
    return _other(name, len(series), str(series.dtype))
