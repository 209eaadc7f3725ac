"""The database's schema: bring it up to date, and say which revision it is of."""

from __future__ import annotations

import logging

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from caviar.service.contract.errors import Conflict
from caviar.service.server.store.database import Database, connected

ADVISORY_LOCK = 0x0CA71A2
"""Held on PostgreSQL while migrating, so that two servers starting at once do not both migrate."""


def upgrade(database: Database) -> None:
    """Migrate to the newest revision, once, however many processes try at the same time."""
    with connected(database) as connection:
        if not database.is_sqlite:
            # Waiting for another migration is not a stuck lock: no timeout here.
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))
        command.upgrade(_config(connection), "head")


def revision(database: Database) -> str | None:
    """The revision of the database, None when it is empty."""
    with database.read() as session:
        return MigrationContext.configure(session.connection()).get_current_revision()


def require_current(database: Database) -> None:
    """Raise Conflict unless the database has the newest schema."""
    newest = ScriptDirectory.from_config(_config(None)).get_current_head()
    current = revision(database)
    if current != newest:
        raise Conflict(
            f"the database has schema {current or 'none'}, this version needs {newest}: "
            "run `caviar db upgrade`, with the --data or --database of this server"
        )


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", "caviar.migrations:")
    config.attributes["connection"] = connection
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return config
