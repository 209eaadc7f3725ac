"""`caviar db`: care for the database."""

from __future__ import annotations

import typer

from caviar.service.cli import options as settings
from caviar.service.cli.options import AsJson, Data, DatabaseUrl
from caviar.service.cli.terminal import out, print_json

db_app = typer.Typer(help="Care for the database.", no_args_is_help=True)


@db_app.command("upgrade")
def upgrade(
    data: Data = settings.DEFAULT_DATA, database: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """Bring the database to this version's schema."""
    from caviar.service.server.store import schema

    opened = settings.open_database(database, data)
    schema.upgrade(opened)
    revision = schema.revision(opened)
    if as_json:
        print_json({"database": opened.describe(), "schema_revision": revision})
    else:
        out.print(f"{opened.describe()} has schema {revision}", highlight=False)
