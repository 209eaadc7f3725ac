"""`caviar serve`: the server alone, in the foreground."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import uvicorn

from caviar.service.server.app import create_app
from caviar.service.server.http.security import LOOPBACK
from caviar.service.server.listening import address, listen
from caviar.service.server.store.database import Database, server_lock
from caviar.service.server.store.schema import require_current

DRAIN_SECONDS = 10
"""How long running requests may take to finish after SIGTERM."""

logger = logging.getLogger("caviar")


def serve_forever(
    database: Database, *, host: str, port: int, allowed_hosts: Sequence[str] = ()
) -> None:
    """Serve until a signal comes, then finish the running requests.

    Raises:
        Conflict: the port is in use, the schema is another, or the SQLite file has a server.
    """
    with server_lock(database):
        require_current(database)
        listener = listen(host, port)
        app = create_app(database, allowed_hosts=(*LOOPBACK, *allowed_hosts))
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, timeout_graceful_shutdown=DRAIN_SECONDS
        )
        print(f"Caviar serves at {address(listener)}", flush=True)
        uvicorn.Server(config).run(sockets=[listener])
