"""A server inside this process: what `caviar up` and `caviar run` start on a laptop."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from caviar.service.contract.errors import Conflict
from caviar.service.server.app import create_app
from caviar.service.server.operations import leases
from caviar.service.server.store.database import Database

START_SECONDS = 30.0


@contextmanager
def served(
    database: Database, listener: socket.socket, *, worker: str | None = None
) -> Iterator[None]:
    """Serve a migrated database from a thread of this process until the context ends.

    Args:
        database: a migrated database.
        listener: a listening socket.
        worker: the name of the worker that dies with this server: its old leases expire at once.

    Raises:
        Conflict: the server did not start.
    """
    if worker is not None:
        leases.reclaim_from(database, worker)
    config = uvicorn.Config(create_app(database), log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="server", daemon=True
    )
    thread.start()
    try:
        _wait_until_started(server, thread)
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=10)


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise Conflict("the server did not start: see its log")
        time.sleep(0.01)
