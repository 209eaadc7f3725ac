"""The database's schema: make it, bring it up to date or back, and say which revision it is of.

Alembic is imported to migrate only: a server that finds the newest schema starts without it.
"""

from __future__ import annotations

import logging
from fnmatch import fnmatch
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from caviar.service import __version__
from caviar.service.contract.errors import Conflict, Invalid
from caviar.service.server.store.database import Database, connected

if TYPE_CHECKING:
    from alembic.config import Config

VERSIONS = "[0-9][0-9][0-9][0-9]_*.py"
"""The files of the migrations: each begins with its revision."""

VERSION_TABLE = "alembic_version"
"""Where Alembic keeps the revision."""

ADVISORY_LOCK = 0x0CA71A2
"""Held on PostgreSQL while migrating, so that two servers starting at once do not both migrate."""


def prepare(database: Database) -> bool:
    """Make the schema of an empty database, and require the newest of any other.

    Returns:
        Whether the schema was made: True of an empty database, also if another process was faster.

    Raises:
        Conflict: the database has another schema, or tables that Caviar did not make.
    """
    with database.read() as session:
        connection = session.connection()
        is_new = _current(connection) is None
        tables = sorted(inspect(connection).get_table_names()) if is_new else []
    if set(tables) - {VERSION_TABLE}:
        raise Conflict(
            f"the database is not empty, and Caviar did not make its tables ({_few(tables)}): "
            "name another database with --database, or run `caviar db upgrade`, which adds its own"
        )
    if is_new:
        upgrade(database)
    else:
        require_current(database)
    return is_new


def upgrade(database: Database) -> None:
    """Migrate to the newest revision, once, however many processes try at the same time.

    Raises:
        Conflict: a newer version of Caviar made the schema.
    """
    with connected(database) as connection:
        _lock(database, connection)
        before = _current(connection)
        _require_known(database, connection, before)
        if before == revisions()[-1]:
            return
        from alembic import command

        command.upgrade(_config(connection), "head")
        _sign(database, connection)


def downgrade(database: Database, target: str | None = None) -> tuple[str, str]:
    """Migrate back to an older revision; what it has no place for is dropped.

    Args:
        database: a database that no server uses.
        target: the revision; by default the one before the current one.

    Returns:
        The revision before, and the one now.

    Raises:
        Invalid: the revision is unknown, or newer than the database's.
        Conflict: there is none before, or a newer version of Caviar made the schema.
    """
    with connected(database) as connection:
        _lock(database, connection)
        current = _current(connection)
        _require_known(database, connection, current)
        older = _older(current)
        if current is None or not older:
            raise Conflict(f"the database has schema {current or 'none'}: there is none before")
        if target is not None and target not in older:
            known = ", ".join(reversed(older))
            raise Invalid.field("REVISION", f"must be one before {current}: {known}")
        from alembic import command

        command.downgrade(_config(connection), target or older[0])
        _sign(database, connection)
        return current, target or older[0]


def revision(database: Database) -> str | None:
    """The revision of the database, None when it is empty."""
    with database.read() as session:
        return _current(session.connection())


@cache
def revisions() -> tuple[str, ...]:
    """The revisions that this version has migrations for, from the first to the newest."""
    names = files("caviar.migrations.versions").iterdir()
    return tuple(sorted(file.name[:4] for file in names if fnmatch(file.name, VERSIONS)))


def require_current(database: Database) -> None:
    """Raise Conflict unless the database has the newest schema."""
    newest = revisions()[-1]
    with database.read() as session:
        connection = session.connection()
        current = _current(connection)
        _require_known(database, connection, current)
    if current != newest:
        raise Conflict(
            f"the database has schema {current or 'none'}, this version needs {newest}: "
            "run `caviar db upgrade`, with the --data or --database of this server"
        )


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()


def _older(current: str | None) -> list[str]:
    """The revisions before one, the newest first."""
    return [known for known in reversed(revisions()) if current is not None and known < current]


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


def _require_known(database: Database, connection: Connection, current: str | None) -> None:
    """Refuse a schema that this version has no migrations for.

    Raises:
        Conflict: says which version made it, as far as that is known.
    """
    if current is None or current in revisions():
        return
    maker = _maker(database, connection)
    by = "a newer version of Caviar" if maker in (None, __version__) else f"Caviar {maker}"
    raise Conflict(
        f"the database has schema {current}, which {by} made, and this is Caviar {__version__}, "
        f"which knows the schemas up to {revisions()[-1]}: install that version, or go back with "
        "its `caviar db downgrade`"
    )


def _sign(database: Database, connection: Connection) -> None:
    """Note in the database which version made its schema: a number or a comment, not a table."""
    if database.is_sqlite:
        major, minor, patch = (int(part) for part in __version__.split(".")[:3])
        number = major * 1_000_000 + minor * 1_000 + patch
        connection.exec_driver_sql(f"PRAGMA user_version = {number}")
    else:
        connection.exec_driver_sql(f"COMMENT ON TABLE alembic_version IS 'Caviar {__version__}'")


def _maker(database: Database, connection: Connection) -> str | None:
    """The version of Caviar that made the schema; None if that is not noted."""
    if database.is_sqlite:
        number = connection.exec_driver_sql("PRAGMA user_version").scalar() or 0
        major, rest = divmod(number, 1_000_000)
        return f"{major}.{rest // 1_000}.{rest % 1_000}" if number else None
    comment = connection.exec_driver_sql(
        "SELECT obj_description('alembic_version'::regclass)"
    ).scalar()
    return str(comment).removeprefix("Caviar ") if comment else None


def _lock(database: Database, connection: Connection) -> None:
    """Let one process migrate at a time; on SQLite the write transaction does."""
    if not database.is_sqlite:
        # Waiting for another migration is not a stuck lock: no timeout here.
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})"))


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "caviar.migrations:")
    config.attributes["connection"] = connection
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return config
