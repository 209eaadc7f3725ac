"""The system: its health, its schema."""

from __future__ import annotations

from caviar.service import __version__
from caviar.service.contract import schemas
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
    )


def ready(database: Database) -> schemas.Ready:
    """That the database answers.

    Raises:
        Unavailable: it does not.
    """
    database.ping()
    return schemas.Ready(ready=True)
