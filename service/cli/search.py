"""A search on this machine from start to end: create the study, serve it, follow it.

`caviar run` imports this file only when it is needed: it imports the server, which takes a while.
"""

from __future__ import annotations

import socket
from contextlib import ExitStack

from rich.console import Console
from rich.text import Text

from caviar.service.cli.follow import Outcome, follow
from caviar.service.client import Client
from caviar.service.client.continuing import to_continue
from caviar.service.contract import schemas
from caviar.service.contract.errors import NotFound
from caviar.service.local.listening import address
from caviar.service.local.processes import END_SECONDS, WORKER_NAME, Beside
from caviar.service.server.operations import studies
from caviar.service.server.serving import served
from caviar.service.server.store import own_key, schema
from caviar.service.server.store.database import Database


def run_here(
    definition: schemas.StudyDefinition,
    database: Database,
    listener: socket.socket,
    console: Console,
    *,
    worker: Beside,
    key: str,
) -> Outcome:
    """Serve until the study ends; the worker has been started before.

    Args:
        definition: the study, created or continued.
        database: where it is stored.
        listener: the socket to serve on.
        console: where progress is shown.
        worker: the worker, which ends before the server stops.
        key: a key of this process, which the worker has.

    Raises:
        WorkerLost: the worker was given up.
    """
    with ExitStack() as stack:
        stack.enter_context(own_key.hold(database, key))(address(listener))
        schema.upgrade(database)
        # Before the server answers, so that the waiting worker finds the study at once.
        _start(definition, database)
        stack.enter_context(served(database, listener, worker=WORKER_NAME, own_key=key))
        worker.end_seconds = END_SECONDS
        stack.callback(worker)
        console.print(Text.assemble("serving at ", (address(listener), "bold")), soft_wrap=True)
        client = stack.enter_context(Client(address(listener), key=key))
        client.check = worker.check
        return follow(client, definition.name, console)


def _start(definition: schemas.StudyDefinition, database: Database) -> None:
    """Create the study, or continue the one of its name, in a database that no server has opened.

    Raises:
        Conflict: the study of this name is defined in another way, or was stopped.
    """
    try:
        study = studies.show(database, definition.name)
    except NotFound:
        studies.create(database, definition)
        return
    change = to_continue(study, definition)
    if change is not None:
        studies.change(database, study.name, change)
