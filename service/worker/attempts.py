"""Attempts at tasks, in a process of the pool: what trains is given, the rest is shared.

An attempt calls the server by itself, so that only the task travels through the pool.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from caviar.service.client import Client
from caviar.service.contract.errors import CaviarError, Invalid
from caviar.service.contract.limits import TRACEBACK_CHARACTERS
from caviar.service.contract.texts import keep_end
from caviar.service.worker.tasks import Idle, LeasedTask, Task

T = TypeVar("T")


def attempt(task: Task, train: Callable[[Client, LeasedTask], T]) -> T | None:
    """Rest, or train a task's trials; tell the server which ones cannot be trained.

    Returns what `train` returns: a notice for the worker's log.
    """
    if isinstance(task, Idle):
        time.sleep(task.seconds)
        return None
    assert isinstance(task, LeasedTask)
    client = client_of(task.server)
    try:
        return train(client, task)
    except Exception as error:
        if isinstance(error, CaviarError) and not isinstance(error, Invalid):
            raise  # the server is away: the leases bring the trials back
        lines = "".join(traceback.format_exception(error)).rstrip()
        task.fail(client, keep_end(lines, TRACEBACK_CHARACTERS))
        raise


@lru_cache(maxsize=8)
def client_of(server: str, *, patient: bool = True) -> Client:
    """One client for each server and process, so that connections stay open.

    A patient client is for what must arrive, the other one for what can be sent again later.
    """
    return Client(server) if patient else Client(server, patience_seconds=0.0)
