"""One server process for an SQLite file, and the address of the one that has it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from caviar.service.contract.errors import Conflict, Invalid
from caviar.service.server.store.database import Database
from caviar.service.server.store.filesystems import require_local

LOOKS = 3
"""How often the lock is tried: a process that asks for the address holds it for a moment."""

START_SECONDS = 5.0
"""How long a server that has the file may take to say its address."""


@contextmanager
def server_lock(database: Database, address: str = "") -> Iterator[Callable[[str], None]]:
    """Hold an SQLite file for one server process; PostgreSQL takes any number of servers.

    Args:
        database: the database.
        address: the server's address, for other processes on this machine.

    Yields a function that says the address when it was not known before.

    Raises:
        Conflict: another server has the file.
        Invalid: the folder cannot be written, or is on a network file system.
    """
    if not database.is_sqlite:
        yield lambda address: None
        return
    require_local(database)
    path = _lock_path(database)
    _require_one_name(database)
    try:
        handle = open(path, "a+")  # noqa: SIM115
    except OSError as error:
        raise Invalid.field("--data", f"{path} cannot be written: {error.strerror}") from error
    with handle:
        _lock(handle, database)

        def publish(address: str) -> None:
            handle.truncate(0)
            handle.write(address)
            handle.flush()

        publish(address)
        yield publish
        publish("")


def running_server(database: Database) -> str | None:
    """The address of the server that has an SQLite file; None if none has it.

    Raises:
        Conflict: a server has the file, and does not say its address.
    """
    path = _lock_path(database)
    if not database.is_sqlite or not path.exists():
        return None
    deadline = time.monotonic() + START_SECONDS
    with open(path) as handle:
        while not _is_free(handle):
            handle.seek(0)
            if address := handle.read():
                return address
            if time.monotonic() > deadline:
                raise _in_use(database)
            time.sleep(0.05)
    return None


def _lock_path(database: Database) -> Path:
    """The same whichever symbolic links lead to the file."""
    return Path(f"{os.path.realpath(str(database.url.database))}.lock")


def _require_one_name(database: Database) -> None:
    """Refuse a file with a hard link: under its other name it would have another lock and log.

    Raises:
        Conflict: the file has two names.
    """
    path = Path(os.path.realpath(str(database.url.database)))
    if path.exists() and path.stat().st_nlink > 1:
        raise Conflict(
            f"{path} has a second name, a hard link, under which another server could write it: "
            "remove that, or use a copy"
        )


def _lock(handle: IO[str], database: Database) -> None:
    for _ in range(LOOKS):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise _in_use(database)


def _is_free(handle: IO[str]) -> bool:
    """Whether no server holds the lock; another one that only looks does not count."""
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    fcntl.flock(handle, fcntl.LOCK_UN)
    return True


def _in_use(database: Database) -> Conflict:
    return Conflict(
        f"another caviar server uses {database.url.database}: stop it, or choose another --data "
        "folder"
    )
