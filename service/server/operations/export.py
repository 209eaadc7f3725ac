"""The whole table of trials as a file, for spreadsheets and for programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from caviar.service.contract import schemas
from caviar.service.contract.numbers import noiseless, setting

COLUMNS = (
    "number",
    "state",
    "value",
    "round",
    "epoch",
    "best_epoch",
    "attempt",
    "reason",
    "void",
    "enqueued",
    "replica_of",
    "started_at",
    "finished_at",
)

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a text for a formula, and run it."""


def as_json(trials: Sequence[schemas.Trial]) -> str:
    """{"trials": […]}, every field of each."""
    page = schemas.TrialPage(trials=list(trials), next_page_token=None, revision=0)
    return page.model_dump_json(include={"trials"})


def as_csv(trials: Sequence[schemas.Trial]) -> str:
    """A row each: its own columns, then parameters, then metrics.

    A parameter or a metric whose name is taken already gets `params.` or `metrics.` before it.
    Texts that a spreadsheet would take for a formula get an apostrophe before them, and numbers
    have no rounding noise: 0.010000000000000004 is 0.01 here, and in full in the JSON file.
    """
    params = sorted({name for trial in trials for name in trial.params})
    metrics = sorted({name for trial in trials for name in trial.metrics})
    taken = {*COLUMNS}
    heads = [_head(name, "params", taken) for name in params]
    taken |= {*heads}
    heads += [_head(name, "metrics", taken) for name in metrics]
    output = io.StringIO()
    writer = csv.writer(output)
    writer.writerow([_safe(head) for head in (*COLUMNS, *heads)])
    for trial in trials:
        row = [getattr(trial, column) for column in COLUMNS]
        row += [_setting(trial, name) for name in params]
        row += [trial.metrics.get(name) for name in metrics]
        writer.writerow([_safe(cell) for cell in row])
    return output.getvalue()


def _head(name: str, kind: str, taken: set[str]) -> str:
    return f"{kind}.{name}" if name in taken else name


def _setting(trial: schemas.Trial, name: str) -> Any:
    """The cell of a parameter: empty where it is inactive; null, lists and objects as in JSON."""
    if name not in trial.params:
        return None
    value = trial.params[name]
    return value if isinstance(value, bool | int | float | str) else setting(value)


def _safe(cell: Any) -> Any:
    """A cell that stays what it is: numbers without rounding noise, texts never a formula."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return noiseless(cell)
    if isinstance(cell, str) and cell.startswith(FORMULA):
        return f"'{cell}"
    return cell
