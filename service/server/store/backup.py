"""A copy of an SQLite database, taken while a server may write to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from caviar.service.contract.errors import Conflict, Invalid, OutOfSpace, Unavailable
from caviar.service.server.store.database import BUSY_SECONDS, Database


def backup(database: Database, file: Path) -> int:
    """Copy an SQLite database to a new file, as it is at one moment; the file's size in bytes.

    Raises:
        Conflict: the database is not an SQLite file.
        Invalid: there is nothing to copy, or the file exists or cannot be written.
        Unavailable: the database cannot be read.
        OutOfSpace: the disk of the file is full.
    """
    if not database.is_sqlite:
        raise Conflict("only an SQLite file is copied: back PostgreSQL up with pg_dump")
    source = Path(str(database.url.database))
    if not source.is_file():
        raise Invalid.field("--data", f"there is no database {source} to back up")
    if file.exists():
        raise Invalid.field("FILE", f"{file} exists: choose another name")
    partial = file.with_name(f"{file.name}.partial")
    try:
        partial.touch()
        _copy(source, partial)
        partial.rename(file)
    except OSError as error:
        raise Invalid.field("FILE", f"{file} cannot be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
    return file.stat().st_size


def _copy(source: Path, target: Path) -> None:
    """Copy all pages in one read transaction, which holds up no writer."""
    address = f"file:{quote(str(source.absolute()))}?mode=rw"
    try:
        with (
            closing(sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS)) as reader,
            closing(sqlite3.connect(target)) as writer,
        ):
            reader.execute("PRAGMA query_only = ON")
            reader.backup(writer)
            # One file is the whole copy, without a log beside it.
            writer.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL:
            raise OutOfSpace(f"the disk of {target} is full") from error
        raise Unavailable(f"{source} cannot be copied: {error}") from error
