"""The key of a server process, for other processes of the same user on this machine.

A server makes it at its start and keeps it in memory. Beside an SQLite file it is also in a file
that only the user reads who could read the database as well, so that commands and searches on the
data folder reach a server that needs keys. It ends with the server, and it is in no database.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from caviar.service.contract.errors import CaviarError, Invalid
from caviar.service.contract.keys import checked_key
from caviar.service.server.store.database import Database
from caviar.service.server.store.server_lock import server_lock


@contextmanager
def hold(database: Database, key: str) -> Iterator[Callable[[str], None]]:
    """Hold a database for one server process, as `server_lock` does, and publish its own key.

    Yields a function that says the server's address to the processes that look for it.

    Raises:
        Conflict: another server has the file.
        Invalid: the folder cannot be written.
    """
    # Who reads the address finds the key: it is there before, and only while the lock is held.
    with server_lock(database) as publish, _published(database, key):
        yield publish


def read(database: Database) -> str | None:
    """The key of the server that has the database; None if it says none."""
    try:
        return checked_key(_path(database).read_text(encoding="ascii"))
    except (OSError, UnicodeDecodeError, CaviarError):
        return None


@contextmanager
def _published(database: Database, key: str) -> Iterator[None]:
    if not database.is_sqlite:
        yield
        return
    path = _path(database)
    try:
        path.unlink(missing_ok=True)  # of a server that was killed; the new one's mode counts
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(key)
    except OSError as error:
        raise Invalid.field("--data", f"{path} cannot be written: {error.strerror}") from error
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()


def _path(database: Database) -> Path:
    return Path(f"{os.path.realpath(str(database.url.database))}.key")
