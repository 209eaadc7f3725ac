"""The system: its health, its schema."""

from __future__ import annotations

import platform
from dataclasses import dataclass

import numpy
import sqlalchemy

from caviar.service import __version__
from caviar.service.contract import schemas
from caviar.service.contract.states import TrialState
from caviar.service.server import store
from caviar.service.server.store import schema
from caviar.service.server.store.database import Database


def health(database: Database, *, versions: bool = True) -> schemas.Health:
    """That the server runs, with the versions of it, its database and its schema or without.

    Raises:
        Unavailable: the database does not answer.
    """
    if not versions:
        database.ping()
        return schemas.Health(status="ok")
    return schemas.Health(
        status="ok",
        version=__version__,
        database=database.describe(),
        schema_revision=schema.revision(database),
        python=platform.python_version(),
        numpy=numpy.__version__,
        sqlalchemy=sqlalchemy.__version__,
    )


@dataclass(frozen=True)
class Totals:
    """What the database has, and how long it was waited for.

    Attributes:
        version: the version of the server.
        database: the kind and the version of the database.
        schema_revision: the revision of its schema.
        studies: how many studies are in each state.
        trials: how many trials are in each state; void ones are counted apart.
        leases: how many leases are open.
        writes: how many transactions of this process began to write.
        wait_seconds: how long they waited before, all together.
    """

    version: str
    database: str
    schema_revision: str | None
    studies: dict[str, int]
    trials: dict[str, int]
    leases: int
    writes: int
    wait_seconds: float


def totals(database: Database) -> Totals:
    """Counts over all studies, for metrics.

    Raises:
        Unavailable: the database does not answer.
    """
    with database.read() as session:
        counted = store.totals.trials(session)
        studies = store.totals.studies(session)
    states = [*map(str, TrialState), store.rows.VOID]
    return Totals(
        version=__version__,
        database=database.describe(),
        schema_revision=schema.revision(database),
        studies=studies,
        trials={state: counted[state] for state in states},
        leases=counted[TrialState.RUNNING],
        writes=database.waits.count,
        wait_seconds=database.waits.seconds,
    )


def ready(database: Database) -> schemas.Ready:
    """That the database answers.

    Raises:
        Unavailable: it does not.
    """
    database.ping()
    return schemas.Ready(ready=True)
