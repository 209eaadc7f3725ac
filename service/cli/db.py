"""`caviar db`: maintain the database."""

from __future__ import annotations

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
        out.print(f"{opened.describe()} is at schema revision {revision}", highlight=False)
