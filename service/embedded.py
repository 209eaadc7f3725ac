"""Server and worker in one command: what `caviar up` and `caviar run` start on a laptop."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvicorn

from service import leases, schema
from service.app import create_app
from service.database import Database, server_lock
from service.errors import Conflict
from service.settings import DEFAULT_PORT

WORKER_NAME = "embedded"
"""The name of the worker beside an embedded server. It dies with its server, so a server that
starts knows that whatever this worker held is lost."""

START_SECONDS = 30.0
RESTART_SECONDS = (0.5, 10.0)

logger = logging.getLogger("caviar")


@contextmanager
def served(database: Database, *, host: str, port: int | None) -> Iterator[str]:
    """Migrate, then serve the database from a thread of this process; gives the address.

    Args:
        database: where everything is kept; an SQLite file is locked for this server.
        host: the address to listen on.
        port: 0 takes any free port; None the usual one, or any free one when that is in use.

    Raises:
        Conflict: the port is in use, or another server has the file.
    """
    with server_lock(database):
        schema.upgrade(database)
        leases.take_back_from(database, WORKER_NAME)
        listener = listen_somewhere(host) if port is None else listen(host, port)
        config = uvicorn.Config(create_app(database), log_level="warning", access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name="server", daemon=True
        )
        thread.start()
        try:
            _wait_until_started(server, thread)
            yield address(host, listener)
        finally:
            server.should_exit = True
            thread.join(timeout=10)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        Conflict: the port is in use.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise Conflict(
            f"cannot listen on {host}:{port} ({error.strerror}): choose another with --port"
        ) from error
    return listener


def listen_somewhere(host: str) -> socket.socket:
    """A listening socket on the usual port, or on any free one when that is in use."""
    try:
        return listen(host, DEFAULT_PORT)
    except Conflict:
        return listen(host, 0)


def address(host: str, listener: socket.socket) -> str:
    """The address of a server that listens there."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listener.getsockname()[1]}"


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise Conflict("the server did not start: its log tells why")
        time.sleep(0.01)


@contextmanager
def worker_beside(
    database: Database, *, server: str, jobs: int, study: str | None = None
) -> Iterator[None]:
    """Run a worker process, and another whenever it dies, until the context ends."""
    stop = threading.Event()
    command = [
        *(sys.executable, "-m", "service", "work", "--leash", "--name", WORKER_NAME),
        *("--server", server, "--jobs", str(jobs)),
        *(() if study is None else ("--study", study)),
    ]
    thread = threading.Thread(
        target=_supervise, args=(database, command, stop), name="supervisor", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=15)


def _supervise(database: Database, command: Sequence[str], stop: threading.Event) -> None:
    wait_seconds = RESTART_SECONDS[0]
    while not stop.is_set():
        # Its standard input is a leash: it closes when this process ends, however it ends.
        process = subprocess.Popen(command, stdin=subprocess.PIPE)
        while process.poll() is None and not stop.wait(0.1):
            pass
        if process.poll() is None:
            _end(process)
        elif process.returncode == 0:
            return
        else:
            logger.warning("the worker died (%s): starting another", process.returncode)
            leases.take_back_from(database, WORKER_NAME)
            stop.wait(wait_seconds)
            wait_seconds = min(RESTART_SECONDS[1], 2 * wait_seconds)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
