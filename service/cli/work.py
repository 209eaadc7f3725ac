"""`caviar work`: a pool of processes that trains for a server."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from caviar.service.cli import options as settings
from caviar.service.cli.function_options import Objective, TrialSeconds, function_options
from caviar.service.cli.options import Jobs, Server
from caviar.service.cli.terminal import impatient, on_signal
from caviar.service.client import DEFAULT_SERVER, LEASE_SECONDS, Client

if TYPE_CHECKING:
    from caviar.service.worker.tasks import Task, Tasks


class Backend(StrEnum):
    """What runs the processes of a pool."""

    LOKY = "loky"  # processes of this machine


def work(
    server: Server = DEFAULT_SERVER,
    jobs: Jobs = None,
    study: Annotated[str | None, typer.Option(help="Only this study; ends with it.")] = None,
    name: Annotated[str | None, typer.Option(help="The worker's name; else the host's.")] = None,
    backend: Annotated[Backend, typer.Option(help="The joblib backend.")] = Backend.LOKY,
    lease_seconds: Annotated[
        float, typer.Option(min=1, max=86_400, help="How long a lease lasts without a report.")
    ] = LEASE_SECONDS,
    checkpoint_seconds: Annotated[
        float, typer.Option(min=0, help="How often a long segment leaves a checkpoint.")
    ] = 30.0,
    objective: Objective = None,
    trial_seconds: TrialSeconds = None,
    leash: Annotated[
        bool, typer.Option("--leash", hidden=True, help="End when standard input closes.")
    ] = False,
) -> None:
    """Train for a server in a pool of processes: networks, or with a function of yours."""
    from caviar.service.worker.feed import STOPPED, Feed, default_name, stop_soon
    from caviar.service.worker.feed import work as work_on

    count = settings.cores(jobs)
    if leash:
        threading.Thread(target=_end_with_standard_input, daemon=True).start()
    function_options(objective, study, trial_seconds)
    with impatient(server) as client:
        run, tasks = _what_to_do(
            client,
            objective,
            jobs=count,
            lease_seconds=lease_seconds,
            checkpoint_seconds=checkpoint_seconds,
            trial_seconds=trial_seconds,
        )
        feed = Feed(
            client,
            jobs=count,
            worker=name or default_name(),
            study=study,
            lease_seconds=lease_seconds,
            tasks=tasks,
        )
        stopping = on_signal(partial(stop_soon, feed))
        work_on(feed, jobs=count, backend=backend, run=run)
    if stopping.is_set():
        raise typer.Exit(STOPPED)


def _what_to_do(
    client: Client,
    objective: str | None,
    *,
    jobs: int,
    lease_seconds: float,
    checkpoint_seconds: float,
    trial_seconds: float | None,
) -> tuple[Callable[[Task], None], Tasks]:
    """What the processes of the pool run, and what makes tasks for them."""
    if objective is None:
        from caviar.service.worker.network import segments
        from caviar.service.worker.network.groups import Grouping

        return segments.run, Grouping(client, jobs=jobs, checkpoint_seconds=checkpoint_seconds)
    from caviar.service.worker.function import segments as functions
    from caviar.service.worker.function.tasks import FunctionTasks

    return functions.run, FunctionTasks(
        client,
        objective,
        lease_seconds=lease_seconds,
        checkpoint_seconds=checkpoint_seconds,
        trial_seconds=trial_seconds,
    )


def _end_with_standard_input() -> None:
    """Wait until whoever started us is gone, then end at once: our leases bring the work back."""
    while os.read(0, 4096):
        pass
    os._exit(1)
