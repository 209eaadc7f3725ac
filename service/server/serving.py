"""Serve the application: in the foreground, or from a thread of a process that does more."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvicorn

from caviar.service.contract.errors import Conflict
from caviar.service.server.app import create_app
from caviar.service.server.connections import OPTIONS, LimitedServer, raise_descriptor_limit
from caviar.service.server.http.security import LOOPBACK
from caviar.service.server.operations import leases
from caviar.service.server.store.database import Database

logger = logging.getLogger("caviar")

DRAIN_SECONDS = 10
"""How long running requests may take to finish after SIGTERM."""

START_SECONDS = 30.0
"""How long a server in a thread may take to start."""


def serve_forever(
    database: Database,
    listener: socket.socket,
    *,
    allowed_hosts: Sequence[str] = (),
    root_path: str = "",
) -> None:
    """Serve a migrated database until a signal comes, then finish the running requests.

    Args:
        database: the database, locked by this process if it is an SQLite file.
        listener: a listening socket.
        allowed_hosts: host names that the server answers to, beside those of this machine.
        root_path: the path under which a proxy publishes the server.
    """
    app = create_app(database, allowed_hosts=(*LOOPBACK, *allowed_hosts), root_path=root_path)
    config = uvicorn.Config(
        app,
        log_config=None,  # the log is that of the process
        access_log=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        **OPTIONS,
    )
    raise_descriptor_limit()
    logger.info("the server starts, on %s", database.describe())
    LimitedServer(config).run(sockets=[listener])


@contextmanager
def served(
    database: Database,
    listener: socket.socket,
    *,
    worker: str | None = None,
    allowed_hosts: Sequence[str] = (),
    root_path: str = "",
) -> Iterator[None]:
    """Serve a migrated database from a thread of this process until the context ends.

    Args:
        database: a migrated database.
        listener: a listening socket.
        worker: the name of the worker that dies with this server: its old leases expire at once.
        allowed_hosts: host names that the server answers to, beside those of this machine.
        root_path: the path under which a proxy publishes the server.

    Raises:
        Conflict: the server did not start.
    """
    if worker is not None:
        leases.reclaim_from(database, worker)
    app = create_app(database, allowed_hosts=(*LOOPBACK, *allowed_hosts), root_path=root_path)
    config = uvicorn.Config(app, log_config=None, access_log=False, **OPTIONS)
    server = LimitedServer(config)
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
