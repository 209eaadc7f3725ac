"""Studies with as many trials as wanted, written at once: for benchmarks and for a look.

    python -m benchmarks.filled --database sqlite:///caviar.sqlite --trials 1000000

The rows are what a finished search of an external objective leaves behind. They depend on the
number of trials only.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from typing import Any, cast

import numpy as np
from sqlalchemy import Table

from caviar.service.contract import limits, schemas
from caviar.service.contract.states import TrialState
from caviar.service.server import store
from caviar.service.server.operations import studies
from caviar.service.server.rules import rounds
from caviar.service.server.store import rows, schema
from caviar.service.server.store.database import Database, connected
from caviar.service.server.store.models import NEW_TRIAL, StudyRow, TrialRow

CHUNK = 10_000
"""Rows that are made and written together."""

SPACE: dict[str, Any] = {
    "learning_rate": {"type": "float", "low": 1e-5, "high": 1.0, "scale": "log"},
    "momentum": {"type": "float", "low": 0.9, "high": 0.999, "scale": "reverse_log"},
    "dropout": {"type": "float", "low": 0.0, "high": 0.5},
    "hidden_units": {"type": "int", "low": 8, "high": 512, "scale": "log"},
    "optimizer": {"type": "categorical", "choices": ["adam", "momentum"]},
}

STATES = (TrialState.COMPLETED, TrialState.FAILED, TrialState.DIVERGED, TrialState.CANCELLED)
SHARES = (0.96, 0.02, 0.01, 0.01)
VOID = 0.002
"""The share of the completed trials that a person excluded."""

EPOCHS = 10
REPLICA_EVERY = 1_000
"""The last trial of each thousand trains one of the same thousand again."""

TABLE = cast(Table, TrialRow.__table__)
COLUMNS = tuple(TABLE.columns.keys())


def definition(name: str, trials: int) -> schemas.StudyDefinition:
    """The study, whose budget leaves room to go on."""
    return schemas.StudyDefinition.model_validate(
        {
            "name": name,
            "space": SPACE,
            "objective": {"kind": "external", "epochs": EPOCHS, "metric": "validation_loss"},
            "sampler": {"kind": "random"},
            "budget": {"trials": min(2 * trials + 100_000, limits.TRIALS)},
            "seed": 1,
        }
    )


def fill(database: Database, name: str, trials: int) -> None:
    """Create a study of this name that has so many finished trials, and goes on.

    Args:
        database: a migrated database.
        name: the name of the study, which there is none of yet.
        trials: how many trials it has: numbers 0 to `trials` - 1.
    """
    studies.create(database, definition(name, trials))
    with database.read() as session:
        study_id, began = store.studies.get(session, name).id, database.now(session)
    write = _insert if database.is_sqlite else _copy
    # Sorting the rows of an index once takes a tenth of the time of a million insertions.
    indexes = sorted(TABLE.indexes, key=lambda index: str(index.name))
    with connected(database) as connection:
        for index in indexes:
            index.drop(connection)
    epochs = 0
    for first in range(0, trials, CHUNK):
        chunk = list(_finished(study_id, first, min(first + CHUNK, trials), began))
        epochs += sum(row[COLUMNS.index("epoch")] for row in chunk)
        write(database, chunk)
    with connected(database) as connection:
        for index in indexes:
            index.create(connection)
    # Counted only now: the study has no number of a trial that is not there.
    database.write(lambda session: _count(session, name, trials, epochs, began))
    if not database.is_sqlite:  # which counts nothing by itself either
        with connected(database) as connection:
            connection.exec_driver_sql("ANALYZE")


def _finished(study_id: int, start: int, stop: int, began: float) -> Iterator[tuple[Any, ...]]:
    """Rows of the table of trials from one number to another, in the order of COLUMNS."""
    random = np.random.default_rng(start)
    count = stop - start
    params = _params(random, count)
    noise = random.normal(0.0, 0.1, count).tolist()
    states = random.choice(len(STATES), size=count, p=SHARES).tolist()
    voids = (random.random(count) < VOID).tolist()
    for place, number in enumerate(range(start, stop)):
        state = STATES[states[place]]
        is_completed = state == TrialState.COMPLETED
        is_replica = number % REPLICA_EVERY == REPLICA_EVERY - 1
        value = _value(params[place], noise[place]) if is_completed else None
        epoch = EPOCHS if is_completed else number % EPOCHS
        changed: dict[str, Any] = {
            "study_id": study_id,
            "number": number,
            "state": str(state),
            "params": json.dumps(params[place], separators=(",", ":")),
            "value": value,
            "epoch": epoch,
            "best_epoch": epoch if is_completed else None,
            "metrics": _metrics(value, epoch),
            "stop_epoch": EPOCHS,
            "last_epoch": EPOCHS,
            "lineage": number,
            "replica_of": number - REPLICA_EVERY // 2 if is_replica else None,
            "seed_offset": int(is_replica),
            "attempt": 1,
            "worker": f"host-{number % 16}",
            "lease_token": f"{number:032x}",
            "lease_seconds": 60.0,
            "seconds": 12.5,
            "started_at": began + number * 0.01,
            "finished_at": began + number * 0.01 + 12.5,
            "reason": "error: out of memory" if state == TrialState.FAILED else None,
            "void": is_completed and voids[place],
            "void_reason": "wrong data" if is_completed and voids[place] else None,
            "revision": number + 2,
        }
        row = {**NEW_TRIAL, **changed}
        yield tuple(row.get(column) for column in COLUMNS)


def _params(random: np.random.Generator, count: int) -> list[dict[str, Any]]:
    rates = (10.0 ** random.uniform(-5, 0, count)).tolist()
    momenta = (1.0 - 10.0 ** random.uniform(-3, -1, count)).tolist()
    dropouts = random.uniform(0.0, 0.5, count).tolist()
    units = (2.0 ** random.uniform(3, 9, count)).astype(int).tolist()
    optimizers = random.choice(["adam", "momentum"], count).tolist()
    columns = zip(rates, momenta, dropouts, units, optimizers, strict=True)
    return [dict(zip(SPACE, settings, strict=True)) for settings in columns]


def _value(params: dict[str, Any], noise: float) -> float:
    """A bowl around a learning rate of 0.01, a little of the rest, and noise."""
    away = np.log10(params["learning_rate"]) + 2.0
    return float(0.1 + away**2 + 0.5 * params["dropout"] + abs(noise))


def _metrics(value: float | None, epoch: int) -> str:
    if value is None:
        return "{}"
    metrics = {"validation_loss": value, "training_loss": 0.9 * value, "epochs_run": float(epoch)}
    return json.dumps(metrics, separators=(",", ":"))


def _insert(database: Database, chunk: Sequence[tuple[Any, ...]]) -> None:
    places = ", ".join("?" * len(COLUMNS))
    statement = f"INSERT INTO trials ({', '.join(COLUMNS)}) VALUES ({places})"
    with connected(database) as connection:
        connection.exec_driver_sql(statement, list(chunk))


def _copy(database: Database, chunk: Sequence[tuple[Any, ...]]) -> None:
    statement = f"COPY trials ({', '.join(COLUMNS)}) FROM STDIN"
    with connected(database) as connection:
        cursor = connection.connection.cursor()
        with cursor.copy(statement) as copy:
            for row in chunk:
                copy.write_row(row)


def _count(session: Any, name: str, trials: int, epochs: int, began: float) -> None:
    """Give the study its first round, and the counters that so many trials leave."""
    study: StudyRow = store.studies.lock(session, name)
    rounds.add(session, study, rounds.standing(session, study).plan_next())
    session.flush()
    study.next_number = trials
    study.revision = trials + 2
    study.epochs_trained = epochs
    study.started_at = began
    study.finished_at = began + trials * 0.01 + 12.5
    rows.recount(session, study)


def main() -> None:
    """Fill a study of a new database, or of one that has no study of the name."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", required=True)
    parser.add_argument("--name", default="filled")
    parser.add_argument("--trials", type=int, default=100_000)
    options = parser.parse_args()
    database = Database(options.database)
    schema.upgrade(database)
    began = time.perf_counter()
    fill(database, options.name, options.trials)
    print(f"{options.trials:,} trials in {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
