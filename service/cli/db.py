"""`caviar db`: maintain the database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from caviar.service.cli.options import AsJson, Data, DatabaseUrl
from caviar.service.cli.terminal import out, print_json
from caviar.service.local.place import DEFAULT_DATA, open_database

db_app = typer.Typer(help="Maintain the database.", no_args_is_help=True)


@db_app.command("upgrade")
def upgrade(
    data: Data = DEFAULT_DATA, database: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """Migrate the database to the schema of this version of Caviar."""
    from caviar.service.server.store import schema

    opened = open_database(database, data)
    schema.upgrade(opened)
    revision = schema.revision(opened)
    if as_json:
        print_json({"database": opened.describe(), "schema_revision": revision})
    else:
        out.print(f"{opened.describe()} is at schema revision {revision}")


@db_app.command("check")
def check(data: Data = DEFAULT_DATA, database: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Check the schema, the file and what the tables must hold, also while a server runs.

    The exit code is 1 if anything is wrong. Everything is read once, and nothing is changed.
    """
    from caviar.service.server.operations import database_check
    from caviar.service.server.store.database import Database, sqlite_url

    # The folder of a database that is not there is not made.
    opened = Database(database or sqlite_url(data / "caviar.sqlite"))
    found = database_check.check(opened)
    if as_json:
        print_json({"database": opened.describe(), "ok": not found, "found": found})
    else:
        for line in found or [f"{opened.describe()}: the schema and all invariants hold"]:
            out.print(line, soft_wrap=True)
    if found:
        raise typer.Exit(1)


@db_app.command("downgrade")
def downgrade(
    revision: Annotated[
        str | None,
        typer.Argument(help="The schema revision to return to. Default: the one before."),
    ] = None,
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Migrate the database back, for an older version of Caviar. Stop its servers before.

    What the older schema has no place for is dropped: make a backup first.
    """
    from caviar.service.server.store import schema
    from caviar.service.server.store.server_lock import server_lock

    opened = open_database(database, data)
    with server_lock(opened):
        before, after = schema.downgrade(opened, revision)
    if as_json:
        print_json({"database": opened.describe(), "schema_revision": after})
    else:
        out.print(f"{opened.describe()} went from schema revision {before} back to {after}")


@db_app.command("backup")
def back_up(
    file: Annotated[Path, typer.Argument(help="The file to write, such as backup.sqlite.")],
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Copy the SQLite file of --data, also while a server runs."""
    from caviar.service.server.store.backup import backup
    from caviar.service.server.store.database import Database, sqlite_url

    # The folder of a database that is not there is not made.
    size = backup(Database(database or sqlite_url(data / "caviar.sqlite")), file)
    if as_json:
        print_json({"file": str(file), "bytes": size})
    else:
        out.print(f"{file}: {size:,} bytes", soft_wrap=True)
