"""An attempt at a task, in a process of the pool: what trains it is given, the rest is shared.

It talks to the server itself, so that nothing but the task travels through the pool.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from functools import lru_cache

from caviar.service.client import Client
from caviar.service.contract.errors import CaviarError, Invalid
from caviar.service.contract.limits import TRACEBACK_CHARACTERS
from caviar.service.worker.tasks import Idle, LeasedTask, Task

REPORT_SECONDS = 0.5
"""The shortest time between two reports of a segment."""


def attempt(task: Task, train: Callable[[Client, LeasedTask], None]) -> None:
    """Rest, or train a task's trials; what cannot be trained is told as failed."""
    if isinstance(task, Idle):
        time.sleep(task.seconds)
        return
    assert isinstance(task, LeasedTask)
    client = client_of(task.server)
    try:
        train(client, task)
    except Exception as error:
        if isinstance(error, CaviarError) and not isinstance(error, Invalid):
            raise  # the server is away: the leases bring the trials back
        lines = "".join(traceback.format_exception(error))
        task.fail(client, lines[-TRACEBACK_CHARACTERS:])
        raise


@lru_cache(maxsize=8)
def client_of(server: str, *, patient: bool = True) -> Client:
    """One client for each server and process: connections stay open.

    A patient one is for what must arrive; the other for what can be said again later.
    """
    return Client(server) if patient else Client(server, patience_seconds=0.0)


def is_time(last: float, seconds: float) -> bool:
    """Whether so much time has gone by since the last time."""
    return time.monotonic() - last >= seconds
