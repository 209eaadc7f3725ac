"""Where commands that read find studies and data sets: on a server, or in a data folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from caviar.service.cli.terminal import command_name, impatient
from caviar.service.client import DEFAULT_SERVER, Client
from caviar.service.contract.errors import Invalid, NotFound, Unreachable
from caviar.service.local.place import DEFAULT_DATA, Place

GivenServer = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="URL",
        help=f"The server's address. Default: CAVIAR_SERVER, or {DEFAULT_SERVER} if a server "
        "answers there, else the data folder itself.",
    ),
]
GivenData = Annotated[
    Path | None,
    typer.Option("--data", help=f"The data folder. Default: CAVIAR_DATA, or {DEFAULT_DATA}."),
]


@contextmanager
def reading(server: str | None, data: Path | None) -> Iterator[Client]:
    """A client for a command that only reads: it makes no data folder.

    Raises:
        Invalid: both are given, or there is no such folder.
        NotFound: neither is given, and there is nothing to read.
    """
    with connected(server, data, make=False) as (client, _):
        yield client


@contextmanager
def connected(
    server: str | None, data: Path | None, *, make: bool = True
) -> Iterator[tuple[Client, str]]:
    """A client, and what it is connected to in words.

    Args:
        server: the server's address, if it is given.
        data: the data folder, if it is given.
        make: whether to make a data folder that does not exist.
    """
    if server is not None and data is not None:
        raise Invalid.field("--data", "cannot be combined with --server: choose one of them")
    if server is None and data is None:
        # What is set for all commands gives way to what this one is told.
        server = os.environ.get("CAVIAR_SERVER")
        given = os.environ.get("CAVIAR_DATA")
        data = Path(given) if given and server is None else None
    if server is None and (data is not None or not _answers(DEFAULT_SERVER)):
        folder = data or DEFAULT_DATA
        if not make and not folder.is_dir():
            raise _nothing(data)
        with Place(folder).client() as client:
            yield client, f"the data folder {folder}"
        return
    address = server or DEFAULT_SERVER
    with impatient(address) as client:
        yield client, f"the server at {address}"


def _nothing(data: Path | None) -> Invalid | NotFound:
    if data is not None:
        return Invalid.field("--data", f"there is no folder {data}")
    return NotFound(
        f"no server answers at {DEFAULT_SERVER}, and there is no data folder {DEFAULT_DATA} here: "
        f"name one by --server or --data, or start a server by `{command_name()} up`"
    )


def _answers(server: str) -> bool:
    try:
        with Client(server, patience_seconds=0) as client:
            client.health()
    except Unreachable:
        return False
    return True
