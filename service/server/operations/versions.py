"""The version of a study, which readers compare before anything else is read."""

from __future__ import annotations

from caviar.service.server import store
from caviar.service.server.rules.presenters.times import timestamp
from caviar.service.server.store.database import Database


def of(database: Database, name: str) -> tuple[str, int]:
    """When a study was created, and its revision: what it shows changes with nothing else.

    Raises:
        NotFound: there is no study of this name.
    """
    with database.read() as session:
        created_at, revision = store.studies.version(session, name)
    return timestamp(created_at), revision
