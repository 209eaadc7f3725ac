"""Preparation: a table of the user's as features, targets, preprocessing and a report."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from caviar.engine.arrays import Float64Array
from caviar.engine.data import findings
from caviar.engine.data.columns import Table, listed
from caviar.engine.data.datasets import SPLIT_SEED, split_rows
from caviar.engine.data.preprocessing import CategoryEncoder, Preprocessing, check_size, fit
from caviar.engine.data.targets import Target, target_of
from caviar.engine.errors import DatasetError, about

PREPARATION = 1
"""The version of what is done here: other features of the same table have another version."""

MAX_PREPROCESSING_BYTES = 4 * 2**20
"""Of a preprocessing as JSON, which every model carries."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a data set is made of."""

    version: str
    """A hash of the raw columns and of the options: the same on every machine."""
    features: Float64Array
    target: Target
    preprocessing: Preprocessing
    report: dict[str, Any]
    """Columns, warnings and counts for people, as plain JSON values."""


def prepare(
    table: Table, *, target: str | None = None, regression: bool = False, drop: Collection[str] = ()
) -> Prepared:
    """Turn a table into features (m, n) and targets (m,).

    The preprocessing is fitted on the rows of the training part only. Rows without a target are
    left out; columns that are constant, empty or like an id are not used, and the report names
    them.

    Raises DatasetError, which names the column, if the table cannot be used.
    """
    with about("target"):
        wanted = target_of(table, target, regression=regression)
    inputs = table.without([wanted.name])
    with about("drop"):
        if wanted.name in drop:
            raise DatasetError(f"{wanted.name!r} is the target: it cannot be dropped")
        left = inputs.without(drop)
    present = np.flatnonzero(wanted.present)
    used = Table({n: c.rows(present) for n, c in left.columns.items()}, table.source)
    for column in used.columns.values():
        column.require_known()
    reasons = dict.fromkeys(drop, "as asked for") | findings.id_like(used)
    rows = split_rows(wanted.values, len(wanted.labels), SPLIT_SEED)["training"]
    candidates = used.without([name for name in reasons if name in used.columns])
    preprocessing, unused = fit(candidates, rows, inputs=tuple(inputs.columns), target=wanted.name)
    reasons |= unused
    if not preprocessing.encoders:
        raise DatasetError(f"no column is left to learn from: {_reasons(reasons)}")
    check_size(len(present), preprocessing)
    if len(json.dumps(preprocessing.to_json())) > MAX_PREPROCESSING_BYTES:
        raise DatasetError("the table has too many columns of texts: drop some of them")
    kept = candidates.without(unused)
    report = {
        "target": wanted.name,
        "rows": len(present),
        "rows_without_target": table.rows - len(present),
        "columns": _columns(table, wanted, preprocessing, reasons),
        "warnings": list(findings.warnings(table, wanted, features=kept)),
    }
    version = version_of(table, target=wanted.name, regression=regression, drop=drop)
    return Prepared(version, preprocessing.transform(kept), wanted, preprocessing, report)


def version_of(table: Table, *, target: str, regression: bool, drop: Collection[str]) -> str:
    """The hash of a table and of how it is prepared: 32 hexadecimal digits."""
    digest = hashlib.sha256()
    options = [PREPARATION, target, regression, sorted(drop)]
    digest.update(json.dumps(options).encode())
    for column in table.columns.values():
        if column.name in drop:
            digest.update(json.dumps(column.name).encode())
            continue
        head = [column.name, column.kind, list(column.levels), column.decimal, column.day_first]
        digest.update(json.dumps(head).encode())
        dtype = "<i4" if column.kind == "text" else "<f8"
        values = np.ascontiguousarray(column.values, dtype)
        if column.kind != "text":
            # One NaN for all, and one zero.
            values = np.where(np.isnan(values), np.nan, values) + 0.0
        digest.update(values.tobytes())
    return digest.hexdigest()[:32]


def _columns(
    table: Table, target: Target, preprocessing: Preprocessing, reasons: dict[str, str]
) -> list[dict[str, Any]]:
    encoders = {encoder.name: encoder for encoder in preprocessing.encoders}
    shown: list[dict[str, Any]] = []
    for name, column in table.columns.items():
        entry: dict[str, Any] = {
            "name": name,
            "kind": "category" if column.kind == "text" else column.kind,
            "missing": int(column.missing.sum()),
            "features": 0,
            "levels": [],
            "unused": reasons.get(name),
        }
        if name == target.name:
            entry["kind"] = "target"
        elif encoder := encoders.get(name):
            entry["kind"] = encoder.kind
            entry["features"] = len(encoder.features)
            entry["levels"] = list(encoder.levels) if isinstance(encoder, CategoryEncoder) else []
        shown.append(entry)
    return shown


def _reasons(reasons: dict[str, str]) -> str:
    return listed(f"{name!r} is {reason}" for name, reason in reasons.items())
