"""Whether a database holds what it must: its schema, its own checks, and the invariants."""

from __future__ import annotations

from pathlib import Path

from caviar.service.contract.errors import Conflict, Invalid
from caviar.service.server.rules.trial_states import MAX_ATTEMPTS
from caviar.service.server.store import integrity, schema
from caviar.service.server.store.database import Database


def check(database: Database) -> list[str]:
    """What is wrong with a database, a line each; [] if nothing is.

    It reads one snapshot and changes nothing, so a server may use the database meanwhile. It reads
    the whole database: minutes, if that is large.

    Raises:
        Invalid: there is no SQLite file.
        Unavailable: the database does not answer.
    """
    if database.is_sqlite and not Path(str(database.url.database)).is_file():
        raise Invalid.field("--data", f"there is no database {database.url.database} to check")
    found: list[str] = []
    try:
        schema.require_current(database)
    except Conflict as error:
        found.append(error.detail)
    with database.read() as session:
        found += integrity.of_database(database, session)
        if not found:  # the tables of another schema are others
            found += integrity.of_studies(session, max_attempts=MAX_ATTEMPTS)
    return found
