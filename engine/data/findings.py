"""What a person should know of a table before a network trains on it: ids, leaks, imbalance."""

import re
from collections.abc import Iterator

import numpy as np

from caviar.engine.arrays import AnyArray
from caviar.engine.data.columns import Column, Table
from caviar.engine.data.preprocessing import MAX_LEVELS
from caviar.engine.data.targets import Target

FEW_ROWS = 200
"""Fewer rows than this make every figure of the validation part a matter of luck."""

MIN_CLASS_SHARE = 0.05
MIN_CLASS_ROWS = 4
"""With fewer rows a class is missing in the validation or in the test part."""

ID_ROWS = 20
"""From so many rows on a column can be told to be an id."""

ID_SHARE = 0.9
"""The share of different texts from which a column of texts is an id."""

ID_NAME = re.compile(
    r"(.*[_\W])?(id|ids|idx|index|key|uuid|guid|rownames|row_?(number|num|id))|"
    r"unnamed: \d+|column_1|.*[a-z]I[Dd]"
)
"""Names of columns that number the rows."""

MAX_NAMED = 5
PERFECT = 1 - 1e-9
"""The correlation from which a column is the target in other units."""


def id_like(table: Table) -> dict[str, str]:
    """The columns that tell rows apart and nothing else, with what says so."""
    found = {name: _id_reason(column) for name, column in table.columns.items()}
    return {name: reason for name, reason in found.items() if reason}


def _id_reason(column: Column) -> str:
    values = column.values[~column.missing]
    if len(values) < ID_ROWS or column.kind not in ("number", "text"):
        return ""
    distinct = len(np.unique(values))
    if column.kind == "text":
        if distinct > ID_SHARE * len(values):
            return f"like an id: {distinct:,} different texts in {len(values):,} rows"
        return ""
    if distinct < len(values) or (values != np.floor(values)).any():
        return ""
    if values.max() - values.min() + 1 == len(values):
        return "like an id: it numbers the rows"
    if ID_NAME.fullmatch(column.name) or ID_NAME.fullmatch(column.name.lower()):
        return "like an id: its name, and another integer in every row"
    return ""


def warnings(table: Table, target: Target, *, features: Table) -> Iterator[str]:
    """What may be wrong with a table's target and features, as sentences.

    `features` has the rows that have a target.
    """
    lacking = int((~target.present).sum())
    if lacking:
        yield f"{_rows(lacking)} without a value of {target.name!r}: left out"
    if features.rows < FEW_ROWS:
        yield (
            f"{features.rows} rows are few: a fifth of them validates, so replicate the best trials"
        )
    if target.labels:
        yield from _of_classes(target)
    leaking = [name for name, column in features.columns.items() if _leaks(column, target)]
    for name in leaking[:MAX_NAMED]:
        yield (
            f"column {name!r} alone tells {target.name!r} without an error: drop it if it is not "
            "known when you predict"
        )
    yield from _of_reading(features)


def _of_classes(target: Target) -> Iterator[str]:
    counts, rows = target.counts, len(target.values)
    single = [_label(target, place) for place in np.flatnonzero(counts == 1).tolist()]
    if single:
        yield (
            f"{_named(single)} 1 row: it is in the training part, and no metric tells how well it "
            "is predicted"
        )
    rare = [
        _label(target, p) for p in np.flatnonzero((counts > 1) & (counts < MIN_CLASS_ROWS)).tolist()
    ]
    if rare:
        yield f"{_named(rare)} fewer than {MIN_CLASS_ROWS} rows: too few for every part"
    smallest = int(np.argmin(counts))
    if len(counts) == 2 and counts[smallest] < MIN_CLASS_SHARE * rows:
        largest = counts.max() / rows
        yield (
            f"imbalance: {_label(target, smallest)} has {100 * counts[smallest] / rows:.2g} % of "
            f"the rows, and always saying {_label(target, int(np.argmax(counts)))} is right in "
            f"{100 * largest:.3g} %"
        )
    elif len(counts) > 2 and counts.max() > (1 - MIN_CLASS_SHARE) * rows:
        yield (
            f"imbalance: {_label(target, int(np.argmax(counts)))} has "
            f"{100 * counts.max() / rows:.3g} % of the rows"
        )


def _of_reading(features: Table) -> Iterator[str]:
    commas = [column.name for column in features.columns.values() if column.decimal == ","]
    if commas:
        yield f"read with decimal commas: {', '.join(commas[:MAX_NAMED])}"


def _label(target: Target, place: int) -> str:
    return f"{target.labels[place]!r:.60}"


def _named(labels: list[str]) -> str:
    more = f" and {len(labels) - MAX_NAMED} more" if len(labels) > MAX_NAMED else ""
    names = ", ".join(labels[:MAX_NAMED])
    return f"class {names} has" if len(labels) == 1 else f"classes {names}{more} have each"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _leaks(column: Column, target: Target) -> bool:
    """Whether a column alone, or where it is missing, tells the target of every row."""
    missing = column.missing
    if len(missing) < ID_ROWS:
        return False
    if not target.labels:
        is_whole = column.kind != "text" and not missing.any()
        return is_whole and _correlation(column.values, target.values) > PERFECT
    # Codes in the order of the values; a missing value is a level of its own.
    codes = np.unique(column.values, return_inverse=True)[1]
    is_ordered = column.kind != "text"
    return _tells(codes, target, is_ordered=is_ordered) or _tells(missing, target, is_ordered=False)


def _tells(codes: AnyArray, target: Target, *, is_ordered: bool) -> bool:
    """Whether each code (m,) has one class.

    Codes that differ in most rows do so by chance, unless their order is that of the classes.
    """
    order = np.lexsort((target.values, codes))
    codes, classes = codes[order], target.values[order]
    changes = classes[1:] != classes[:-1]
    same = codes[1:] == codes[:-1]
    if (same & changes).any():
        return False
    few = len(codes) - int(same.sum()) <= min(MAX_LEVELS, len(codes) / 2)
    return few or (is_ordered and int(changes.sum()) == len(target.labels) - 1)


def _correlation(first: AnyArray, second: AnyArray) -> float:
    first, second = first - first.mean(), second - second.mean()
    scale = float(np.sqrt((first @ first) * (second @ second)))
    return abs(float(first @ second)) / scale if scale > 0 else 0.0
