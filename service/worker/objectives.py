"""Objectives as a worker trains them: one object for each kind, made in one place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from caviar.service.client import LEASE_SECONDS, Client
from caviar.service.contract import schemas
from caviar.service.worker.function import trainer as function_trainer
from caviar.service.worker.function.tasks import FunctionTasks
from caviar.service.worker.network import trainer as network_trainer
from caviar.service.worker.network.groups import Grouping
from caviar.service.worker.tasks import CHECKPOINT_SECONDS, LeasedTask, Task

PREFETCHED_NETWORKS = 64
"""Networks leased ahead for each process: enough to find company for most shapes."""


@dataclass(frozen=True)
class Objective:
    """How a worker trains one kind of objective."""

    kind: Literal["network", "external"]
    """The kind of objective that a study must have."""
    prefetched: int
    """How many trials are leased ahead for each process; 0: one when a process is free for it."""
    tasks: Callable[[Sequence[schemas.LeasedTrial]], Sequence[LeasedTask]]
    """Makes tasks of leased trials, in the worker's process."""
    run: Callable[[Task], object]
    """Does one task, in a process of the pool: a function of a module, which travels by pickle. It
    returns how a trial failed, for the worker's log, or None."""


def objective_of(
    client: Client,
    function: str | None = None,
    *,
    jobs: int,
    lease_seconds: float = LEASE_SECONDS,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    trial_seconds: float | None = None,
) -> Objective:
    """What a worker trains: networks, or what a function of the user's own trains.

    Args:
        client: a client of the server.
        function: `train.py:train`, `package.module:train` or `pickle:PATH`; None trains networks.
        jobs: processes of the pool.
        lease_seconds: how long a lease lasts without a report.
        checkpoint_seconds: how often a long segment saves a checkpoint.
        trial_seconds: how long a function may train a trial; None: without a limit.
    """
    if function is None:
        grouping = Grouping(
            client,
            jobs=jobs,
            lease_seconds=lease_seconds,
            checkpoint_seconds=checkpoint_seconds,
        )
        return Objective("network", PREFETCHED_NETWORKS, grouping.of, network_trainer.run)
    tasks = FunctionTasks(
        client,
        function,
        lease_seconds=lease_seconds,
        checkpoint_seconds=checkpoint_seconds,
        trial_seconds=trial_seconds,
    )
    # A trial may take hours: another worker should have it unless it begins here now.
    return Objective("external", 0, tasks.of, function_trainer.run)
