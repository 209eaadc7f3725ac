"""The whole table of trials as a file, for spreadsheets and for programs.

A file is made in chunks, each from a short read of its own: no export holds much memory, and none
keeps a snapshot that writers would have to work around. A trial that changes while a file is made
is in it as it was before or after; trials that are proposed meanwhile are not.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from pydantic import TypeAdapter

from caviar.service.contract import schemas
from caviar.service.contract.errors import Conflict
from caviar.service.contract.numbers import noiseless, setting
from caviar.service.server import store
from caviar.service.server.rules import presenters
from caviar.service.server.rules.presenters.times import optional_timestamp
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import TrialRow

CHUNK = 500
"""Trials in one chunk of a file."""

NAMES_CHUNK = 10_000
"""Trials whose names of parameters and metrics are read together."""

MAX_NAMES = 5_000
"""Columns of a CSV file beside its own; a metric of each trial would need a million."""

COMPUTED = ("started_at", "finished_at", "tags")

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
    "seconds",
    "note",
    *COMPUTED,
)
"""The columns that every file has; an inactive parameter's cell is empty."""

FORMULA = re.compile(r"(?:^|(?<=[;|\t\r\n]))(?=\s*[=+\-@＝＋－＠])|^(?=[\t\r\n])")
"""Where a spreadsheet may take a text for a formula, and run it: it leaves out spaces, takes wide
characters for narrow ones, and a semicolon, tab or line for the end of a cell."""

PARTED = re.compile(r"[;|\t\r\n]")
"""What a text has that may be several cells."""

SAFE = (int, type(None))
"""Types of cells that are written as they are."""

_own = attrgetter(*COLUMNS[: -len(COMPUTED)])
_TRIALS = TypeAdapter(list[schemas.Trial])


def json_chunks(database: Database, name: str) -> Iterator[bytes]:
    """{"trials": […]}, every field of each.

    Raises:
        NotFound: there is no study of this name.
    """
    opening = b'{"trials":['
    for rows in _chunks(database, name):
        trials = [presenters.trials.trial(row) for row in rows]
        yield opening + _TRIALS.dump_json(trials)[1:-1]
        opening = b","
    yield b"]}" if opening == b"," else opening + b"]}"


def csv_chunks(database: Database, name: str) -> Iterator[bytes]:
    """A row each: its own columns, then parameters, then metrics.

    A chunk is empty where only names of columns were looked for.

    Raises:
        NotFound: there is no study of this name.
        Conflict: there are too many columns.
    """
    params: set[str] = set()
    metrics: set[str] = set()
    for first, stop in _ranges(database, name, NAMES_CHUNK):
        with database.read() as session:
            study = store.studies.get(session, name)
            params |= store.exports.names(session, study, "params", first, stop)
            metrics |= store.exports.names(session, study, "metrics", first, stop)
        if len(params) + len(metrics) > MAX_NAMES:
            raise Conflict(
                f"the trials have more than {MAX_NAMES:,} params and metrics, too many for the "
                "columns of a CSV file: export them as JSON"
            )
        yield b""
    table = CsvTable(params, metrics)
    yield table.head().encode()
    for rows in _chunks(database, name):
        yield table.rows(rows).encode()


@dataclass(frozen=True)
class Format:
    """A format of an exported table."""

    media_type: str
    chunks: Callable[[Database, str], Iterator[bytes]]


FORMATS = {
    "csv": Format("text/csv", csv_chunks),
    "json": Format("application/json", json_chunks),
}


def _ranges(database: Database, name: str, length: int) -> Iterable[tuple[int, int]]:
    """The numbers of a study's trials in ranges of this length: the first, and that after the last.

    Raises:
        NotFound: there is no study of this name.
    """
    with database.read() as session:
        count = store.studies.get(session, name).next_number
    return [(first, min(first + length, count)) for first in range(0, count, length)]


def _chunks(database: Database, name: str) -> Iterator[Sequence[TrialRow]]:
    for first, stop in _ranges(database, name, CHUNK):
        with database.read() as session:
            rows = store.exports.between(session, store.studies.get(session, name), first, stop)
        yield rows


class CsvTable:
    """The columns of a CSV file, and rows in them.

    A parameter or a metric whose name is taken already gets `params.` or `metrics.` before it.
    Texts that a spreadsheet would take for a formula get an apostrophe before them, and numbers
    have no rounding noise: 0.010000000000000004 is 0.01 here, and in full in the JSON file.
    """

    def __init__(self, params: Collection[str], metrics: Collection[str]) -> None:
        self._params, self._metrics = sorted(params), sorted(metrics)

    def head(self) -> str:
        """The line with the names of the columns."""
        taken = {*COLUMNS}
        heads = [_head(name, "params", taken) for name in self._params]
        taken |= {*heads}
        heads += [_head(name, "metrics", taken) for name in self._metrics]
        return _lines([[_safe(head) for head in (*COLUMNS, *heads)]])

    def rows(self, trials: Iterable[TrialRow]) -> str:
        """The lines of some trials."""
        return _lines(map(self._row, trials))

    def _row(self, trial: TrialRow) -> list[Any]:
        params, metrics = trial.params, trial.metrics
        row = [
            *_own(trial),
            optional_timestamp(trial.started_at),
            optional_timestamp(trial.finished_at),
            ", ".join(trial.tags or ()) or None,
            *(_setting(params[name]) if name in params else None for name in self._params),
            *map(metrics.get, self._metrics),
        ]
        return [cell if type(cell) in SAFE else _safe(cell) for cell in row]


def _lines(rows: Iterable[Sequence[Any]]) -> str:
    output = io.StringIO()
    csv.writer(output).writerows(rows)
    return output.getvalue()


def _head(name: str, kind: str, taken: set[str]) -> str:
    return f"{kind}.{name}" if name in taken else name


def _setting(value: Any) -> Any:
    """The cell of an active parameter: null, lists and objects as in JSON."""
    return value if isinstance(value, bool | int | float | str) else setting(value)


def _safe(cell: Any) -> Any:
    """A cell that stays what it is: numbers without rounding noise, texts never a formula."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return noiseless(cell)
    if not isinstance(cell, str) or (cell[:1].isalnum() and not PARTED.search(cell)):
        return cell
    return FORMULA.sub("'", cell)
