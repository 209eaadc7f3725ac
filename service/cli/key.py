"""`caviar key`: make, list and revoke the keys of a server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from caviar.service.cli.options import AsJson, Data, DatabaseUrl
from caviar.service.cli.render import moment
from caviar.service.cli.terminal import err, impatient, out, print_json
from caviar.service.client import Client
from caviar.service.contract.errors import Invalid
from caviar.service.contract.keys import KEY_VARIABLE, Scope
from caviar.service.local.place import DEFAULT_DATA, database_client

key_app = typer.Typer(
    help="Make, list and revoke the keys of a server.\n\nAs soon as there is a key, every call "
    "needs one. The commands act on the database of --data or --database, or with --server on a "
    "server, with a key in CAVIAR_KEY that has the scope admin.",
    no_args_is_help=True,
)

UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}
"""Seconds in a unit of a duration."""

GivenServer = Annotated[
    str | None,
    typer.Option("--server", metavar="URL", help="Act on this server, with a key of its admin."),
]


@key_app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="What the key is for, such as gpu-cluster.")],
    scope: Annotated[
        list[Scope],
        typer.Option(
            help="What the key allows; repeatable. read: see everything; submit: create and steer "
            "studies; work: train trials (a worker needs read as well); admin: all, and keys."
        ),
    ],
    expires: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="When the key ends, such as 12h or 30d."),
    ] = None,
    server: GivenServer = None,
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Make a key, and print it: it is shown this once."""
    seconds = None if expires is None else seconds_of(expires)
    with _connected(server, data, database) as client:
        is_first = not client.list_keys()
        made = client.create_key(name, scope, expires_seconds=seconds)
    if as_json:
        print_json(made.model_dump(mode="json"))
        return
    err.print(
        f"This key is not shown again. Clients, workers and the command read it from the variable "
        f"{KEY_VARIABLE} or from a file with --key-file.",
        soft_wrap=True,
    )
    if is_first:
        err.print("It is the first: from now on every call of the server needs a key.")
    typer.echo(made.key)


@key_app.command("list")
def list_keys(
    server: GivenServer = None,
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """List all keys, with those that have ended; never the keys themselves."""
    with _connected(server, data, database) as client:
        found = client.list_keys()
    if as_json:
        print_json([key.model_dump(mode="json") for key in found])
        return
    if not found:
        out.print("no keys: on this machine the server is open to everyone")
        return
    table = Table(title="keys", title_justify="left", title_style="bold")
    for heading in ("id", "name", "scopes", "state", "made", "ends"):
        table.add_column(heading, overflow="fold")
    for key in found:
        ends = "never" if key.expires_at is None else moment(key.expires_at)
        scopes = ", ".join(key.scopes)
        table.add_row(key.id, Text(key.name), scopes, key.state, moment(key.created_at), ends)
    out.print(table)


@key_app.command("revoke")
def revoke(
    name: Annotated[str, typer.Argument(metavar="ID|NAME", help="The key's id or its name.")],
    server: GivenServer = None,
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Revoke a key, and sign out the browsers that signed in with it.

    Running servers refuse it within two seconds. The server stays closed after the last key.
    """
    with _connected(server, data, database) as client:
        ended = client.revoke_key(name)
    if as_json:
        print_json([key.model_dump(mode="json") for key in ended])
    else:
        for key in ended:
            out.print(f"key {key.id} ({key.name}) is revoked", soft_wrap=True)


@key_app.command("clear")
def clear(
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete all keys: on this machine's own addresses the server is open again.

    Stop the servers of the database before.
    """
    from caviar.service.local.place import open_database
    from caviar.service.server.operations import keys
    from caviar.service.server.store.schema import require_current
    from caviar.service.server.store.server_lock import server_lock

    if not yes:
        typer.confirm(
            "Delete all keys, and let everyone on this machine use the server?", abort=True
        )
    opened = open_database(database, data)
    with server_lock(opened):
        require_current(opened)
        count = keys.clear(opened)
    if as_json:
        print_json({"deleted": count})
    else:
        out.print(f"{count} keys are deleted")


def seconds_of(duration: str) -> float:
    """The seconds of a duration such as `30d`.

    Raises:
        Invalid: it is not a number with one of the units s, m, h, d, w.
    """
    match = re.fullmatch(r"(\d{1,6})([smhdw])", duration)
    if match is None or int(match[1]) == 0:
        raise Invalid.field(
            "--expires",
            f"{duration!r} is not a duration such as 12h or 30d; units are s, m, h, d, w",
        )
    return float(int(match[1]) * UNITS[match[2]])


@contextmanager
def _connected(server: str | None, data: Path, database: str | None) -> Iterator[Client]:
    """A client of a server, or of the database itself."""
    opened = database_client(database, data) if server is None else impatient(server)
    with opened as client:
        yield client
