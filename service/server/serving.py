"""Serve the application: in the foreground, or from a thread of a process that does more."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn

from caviar.service.contract.errors import Conflict, Invalid
from caviar.service.server.app import create_app
from caviar.service.server.connections import OPTIONS, LimitedServer, raise_descriptor_limit
from caviar.service.server.http.security import LOOPBACK
from caviar.service.server.operations import leases
from caviar.service.server.store.database import Database

logger = logging.getLogger("caviar")

DRAIN_SECONDS = 7
"""How long running requests may take to finish after a signal."""

ARRIVE_SECONDS = 3
"""How long the rest of a body may then take to arrive, which its sender may never send."""

CUT_SECONDS = 1.5
"""How long the process may then take to end; what still runs ends with it, without a commit."""

EXIT_CODES = {signal.SIGTERM: 0, signal.SIGINT: 130}
"""By the signal that ended a server: SIGTERM ends it in order."""

START_SECONDS = 30.0
"""How long a server in a thread may take to start."""


@dataclass(frozen=True)
class TlsFiles:
    """The files of a server that speaks TLS, in PEM.

    Raises:
        Invalid: they cannot be read, do not belong together, or the key is encrypted.
    """

    certificate: Path
    key: Path

    def __post_init__(self) -> None:
        for option, path in (("--tls-certificate", self.certificate), ("--tls-key", self.key)):
            if not os.access(path, os.R_OK):
                raise Invalid.field(option, f"{path} cannot be read")
        try:
            # A password is never asked for: the server starts without anybody there.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate, self.key, password=lambda: "")
        except (ssl.SSLError, OSError, ValueError) as error:
            raise Invalid.field(
                "--tls-certificate",
                f"{self.certificate} and {self.key} are not a certificate and its private key, "
                "in PEM and without a password",
            ) from error


def serve_forever(
    database: Database,
    listener: socket.socket,
    *,
    allowed_hosts: Sequence[str] = (),
    root_path: str = "",
    is_open: bool = True,
    own_key: str | None = None,
    tls: TlsFiles | None = None,
) -> int:
    """Serve a migrated database until a signal comes, then finish the running requests.

    Args:
        database: the database, locked by this process if it is an SQLite file.
        listener: a listening socket.
        allowed_hosts: host names that the server answers to, beside those of this machine.
        root_path: the path under which a proxy publishes the server.
        is_open: whether every caller is let in while the database has no key.
        own_key: a key of this process, which is stored nowhere.
        tls: the certificate and its private key; None: the server speaks plain HTTP.

    Returns:
        The exit code of the process, which must end now: in CUT_SECONDS it is ended.
    """
    app = create_app(
        database,
        allowed_hosts=(*LOOPBACK, *allowed_hosts),
        root_path=root_path,
        is_open=is_open,
        own_key=own_key,
    )
    config = uvicorn.Config(
        app,
        ssl_certfile=None if tls is None else tls.certificate,
        ssl_keyfile=None if tls is None else tls.key,
        log_config=None,  # the log is that of the process
        access_log=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        **OPTIONS,
    )
    raise_descriptor_limit()
    logger.info("the server starts, on %s", database.describe())
    server = _DrainingServer(config)
    received: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        # Before uvicorn listens to signals, and after: it passes on what it has received.
        received.append(number)
        server.should_exit = True

    for number in EXIT_CODES:
        signal.signal(number, stop)
    server.run(sockets=[listener])
    code = EXIT_CODES[signal.Signals(received[0])] if received else 0
    _end_soon(code)
    return code


class _DrainingServer(LimitedServer):
    """A server whose end no half-sent request holds up."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what runs, and close the connections."""
        asyncio.get_running_loop().call_later(ARRIVE_SECONDS, self._close_half_sent)
        await super().shutdown(sockets)

    def _close_half_sent(self) -> None:
        for connection in list(self.server_state.connections):
            cycle = getattr(connection, "cycle", None)
            if cycle is not None and cycle.more_body:
                connection.transport.abort()


def _end_soon(code: int) -> None:
    """End the process even if a thread of it goes on, such as with a long read."""

    def end() -> None:
        logger.warning("requests that had not finished are cut off")
        os._exit(code)

    timer = threading.Timer(CUT_SECONDS, end)
    timer.daemon = True
    timer.start()


@contextmanager
def served(
    database: Database,
    listener: socket.socket,
    *,
    worker: str | None = None,
    allowed_hosts: Sequence[str] = (),
    root_path: str = "",
    own_key: str | None = None,
) -> Iterator[None]:
    """Serve a migrated database from a thread of this process until the context ends.

    Args:
        database: a migrated database.
        listener: a listening socket.
        worker: the name of the worker that dies with this server: its old leases expire at once.
        allowed_hosts: host names that the server answers to, beside those of this machine.
        root_path: the path under which a proxy publishes the server.
        own_key: a key of this process, which is stored nowhere.

    Raises:
        Conflict: the server did not start.
    """
    if worker is not None:
        leases.reclaim_from(database, worker)
    app = create_app(
        database,
        allowed_hosts=(*LOOPBACK, *allowed_hosts),
        root_path=root_path,
        own_key=own_key,
    )
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
