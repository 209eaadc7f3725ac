"""`caviar work`: a pool of processes that trains for a server."""

from __future__ import annotations

import os
import threading
from enum import StrEnum
from functools import partial
from typing import Annotated

import typer

from caviar.service.cli import options as settings
from caviar.service.cli.function_options import Objective, TrialSeconds, function_options
from caviar.service.cli.options import Jobs, Server
from caviar.service.cli.terminal import impatient, on_signal
from caviar.service.client import DEFAULT_SERVER, LEASE_SECONDS


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
        float, typer.Option(min=0, help="How often a long segment saves a checkpoint.")
    ] = 30.0,
    objective: Objective = None,
    trial_seconds: TrialSeconds = None,
    leash: Annotated[
        bool, typer.Option("--leash", hidden=True, help="End when standard input closes.")
    ] = False,
) -> None:
    """Train for a server in a pool of processes: networks, or with a function of yours."""
    from caviar.service.worker.feed import STOPPED, Feed, default_name, stop_soon
    from caviar.service.worker.feed import work as do_work
    from caviar.service.worker.objectives import objective_of

    count = settings.cores(jobs)
    if leash:
        threading.Thread(target=_end_with_standard_input, daemon=True).start()
    function_options(objective, study, trial_seconds)
    with impatient(server) as client:
        trained = objective_of(
            client,
            objective,
            jobs=count,
            lease_seconds=lease_seconds,
            checkpoint_seconds=checkpoint_seconds,
            trial_seconds=trial_seconds,
        )
        feed = Feed(
            client,
            trained,
            jobs=count,
            worker=name or default_name(),
            study=study,
            lease_seconds=lease_seconds,
        )
        stopping = on_signal(partial(stop_soon, feed))
        do_work(feed, jobs=count, backend=backend)
    if stopping.is_set():
        raise typer.Exit(STOPPED)


def _end_with_standard_input() -> None:
    """Wait until the parent is gone, then end at once: the leases bring the trials back."""
    while os.read(0, 4096):
        pass
    os._exit(1)
