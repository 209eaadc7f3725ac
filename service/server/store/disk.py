"""Files beside the database: what a full or a read-only disk means to a caller."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from caviar.service.contract.errors import Conflict, OutOfSpace
from caviar.service.server.store.database import Database


@contextmanager
def full_disk() -> Iterator[None]:
    """Turn what the disk refuses into an error that callers know.

    Raises:
        OutOfSpace: the disk is full.
        Conflict: the folder cannot be written.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OutOfSpace("the disk of the data folder is full: nothing was stored") from error
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise Conflict(f"the data folder cannot be written: {error.strerror}") from error
        raise


@contextmanager
def temporary_file(database: Database) -> Iterator[IO[bytes]]:
    """A file without a name on the disk of the data folder, which no crash leaves behind.

    Raises:
        OutOfSpace: the disk is full.
        Conflict: the folder cannot be written.
    """
    folder = None if database.datasets is None else database.datasets.parent
    with full_disk(), tempfile.TemporaryFile(dir=folder) as file:
        yield file
