"""A data folder on this machine, and the way to the server over it.

A study that was searched here, by a command or from Python, is in the data folder, which any of
them may open later. One server at a time serves a folder. Where none does, a client calls an app
in this process.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from caviar.service.contract.errors import Invalid
from caviar.service.contract.keys import new_key

if TYPE_CHECKING:
    from caviar.service.client import Client
    from caviar.service.server.store.database import Database

DEFAULT_DATA = Path("caviar-data")
"""The folder for everything that Caviar writes, in the current folder."""

DATASETS = "datasets"
"""The folder of data sets in a data folder."""


def open_database(url: str | None, data: Path) -> Database:
    """The database at the URL, or the SQLite file in the data folder, which is created if needed.

    Raises:
        Invalid: the URL is not supported, or the folder cannot be created or written.
    """
    # SQLAlchemy is slow to import, and most commands need no database.
    from caviar.engine.data import library
    from caviar.service.server.store.database import Database, sqlite_url

    # Before any definition is compiled: whether a network can be trained depends on its data set.
    library.register(data / DATASETS)
    if url is not None:
        return Database(url, datasets=data.absolute() / DATASETS)
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)  # studies are their owner's
    except OSError as error:
        raise Invalid.field("--data", f"{data} cannot be created: {error.strerror}") from error
    if not os.access(data, os.W_OK | os.X_OK):
        raise Invalid.field("--data", f"{data} is not writable")
    return Database(sqlite_url(data / "caviar.sqlite"))


@dataclass(frozen=True)
class Begun:
    """A study that was created or found, and how a worker trains it."""

    study: str
    worker_options: Sequence[str] = ()
    """Options of a worker that trains a function. Without any, it trains networks, as do the
    workers that a running server has."""


class Place:
    """A data folder.

    Args:
        data: the folder; it is created when it is used first.
    """

    def __init__(self, data: Path | str = DEFAULT_DATA) -> None:
        self.data = Path(data).resolve()

    def function_of(self, study: str) -> Path:
        """The file of the function that a study was searched with from Python."""
        return self.data / "functions" / f"{study}.pickle"

    def client(self) -> Client:
        """A client of the server over the folder, or else of an app in this process.

        Raises:
            Invalid: the folder cannot be created or written.
            Conflict: the folder has the database of another version.
        """
        database = open_database(None, self.data)
        running = running_client(database)
        if running is not None:
            database.close()
            return running
        return _client_of(database)

    @contextmanager
    def serving(
        self, *, jobs: int, begin: Callable[[Client], Begun]
    ) -> Iterator[tuple[Client, str]]:
        """A client of a server over the folder, and the name of a study that is trained meanwhile.

        A server that runs already is used, and stays; else one runs until the context ends. So
        does a worker for the study, unless a running server has workers for it.

        Args:
            jobs: the number of processes of the worker.
            begin: creates or finds the study, before the worker starts.

        Raises:
            Invalid: the folder cannot be created or written, or the study is not valid.
            Conflict: the folder has the database of another version.

        A call of the client raises WorkerLost once the worker was given up.
        """
        from caviar.service.client import Client
        from caviar.service.local.listening import address, listen
        from caviar.service.local.processes import WORKER_NAME, reclaim, worker_beside
        from caviar.service.server.serving import served
        from caviar.service.server.store import own_key, schema

        with ExitStack() as stack:
            database = open_database(None, self.data)
            stack.callback(database.close)
            running = running_client(database)
            key = own_key.read(database) if running else new_key()
            if running is None:
                assert key is not None
                listener = stack.enter_context(listen("127.0.0.1", 0))
                stack.enter_context(own_key.hold(database, key))(address(listener))
                schema.upgrade(database)
                stack.enter_context(served(database, listener, worker=WORKER_NAME, own_key=key))
            client = stack.enter_context(running or Client(address(listener), key=key))
            begun = begin(client)
            if running is None or begun.worker_options:
                # It ends before its server, so that it can release its trials.
                beside = stack.enter_context(
                    worker_beside(
                        server=client.server,
                        jobs=jobs,
                        study=begun.study,
                        options=begun.worker_options,
                        key=key,
                        name=WORKER_NAME if running is None else f"python-{os.getpid()}",
                        datasets=self.data / DATASETS,
                        on_death=lambda: reclaim(None if running else database),
                    )
                )
                client.check = beside.check
            yield client, begun.study


def _client_of(
    database: Database, *, make_current: Callable[[Database], object] | None = None
) -> Client:
    """A client of an app over the database, in this process; it needs no reaper and no lock.

    Args:
        database: the database.
        make_current: brings the schema up to date where that is right; by default any schema.
    """
    from caviar.service.client import Client
    from caviar.service.client.in_process import AppTransport
    from caviar.service.contract.errors import Conflict
    from caviar.service.server.app import create_app
    from caviar.service.server.store import schema
    from caviar.service.server.store.server_lock import server_lock

    with suppress(Conflict), server_lock(database):  # who holds it has upgraded the database
        (make_current or schema.upgrade)(database)
    key = new_key()
    app = create_app(database, own_key=key)
    return Client("http://localhost", key=key, transport=AppTransport(app))


def database_client(url: str | None, data: Path) -> Client:
    """A client that may do everything in a database, with no key: its owner's.

    It calls the server that has an SQLite file, for a file has one writer; else an app in this
    process.

    Raises:
        Invalid: the database cannot be opened.
        Conflict: the database has the schema of another version.
    """
    from caviar.service.server.store import schema

    database = open_database(url, data)
    return running_client(database) or _client_of(database, make_current=schema.prepare)


def running_client(database: Database) -> Client | None:
    """A client of the server that has an SQLite file, with that server's own key.

    Raises:
        Conflict: a server has the file, and does not say its address.
    """
    from caviar.service.server.store import own_key
    from caviar.service.server.store.server_lock import running_server

    address = running_server(database)
    if address is None:
        return None
    from caviar.service.client import Client

    transport = None
    if address.startswith("https:"):
        from caviar.service.client.light_httpx import httpx

        # Its certificate has the name by which others reach it. The address is from a file beside
        # the database, and the port is this machine's.
        transport = httpx.HTTPTransport(verify=False)
    return Client(address, key=own_key.read(database), transport=transport)
