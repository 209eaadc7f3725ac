"""Where things are and how many: the options that every command shares.

Each may be given as an option, as a CAVIAR_… variable, or left to its default.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from caviar.service.contract.errors import Invalid

if TYPE_CHECKING:
    from caviar.service.server.store.database import Database

Host = Annotated[str, typer.Option(envvar="CAVIAR_HOST", help="Address to listen on.")]
Port = Annotated[
    int, typer.Option(envvar="CAVIAR_PORT", min=0, max=65535, help="Port; 0 takes any free one.")
]
Data = Annotated[
    Path, typer.Option(envvar="CAVIAR_DATA", help="Folder for everything that is written.")
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database",
        envvar="CAVIAR_DATABASE",
        metavar="URL",
        help="Such as postgresql://user:password@host/name; without it, SQLite in --data.",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", envvar="CAVIAR_JOBS", min=1, help="Processes; one a core."),
]
Server = Annotated[
    str, typer.Option(envvar="CAVIAR_SERVER", metavar="URL", help="The server's address.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

DEFAULT_DATA = Path("caviar-data")


def open_database(url: str | None, data: Path) -> Database:
    """The database at the URL, or the SQLite file in the data folder, which is made if needed.

    Raises:
        Invalid: the URL is none that we know, or the folder cannot be made or written.
    """
    # SQLAlchemy takes a while to import, and most commands need no database.
    from caviar.service.server.store.database import Database, sqlite_url

    if url is not None:
        return Database(url)
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Invalid.field("--data", f"{data} cannot be a folder: {error.strerror}") from error
    if not os.access(data, os.W_OK | os.X_OK):
        raise Invalid.field("--data", f"{data} cannot be written")
    return Database(sqlite_url(data / "caviar.sqlite"))


def cores(jobs: int | None) -> int:
    """The number of processes: as asked, or as many as this process may use cores."""
    if jobs is not None:
        return jobs
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
