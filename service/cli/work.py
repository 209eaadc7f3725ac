"""`caviar work`: a worker, which trains the trials of a server in a pool of processes."""

from __future__ import annotations

import os
import threading
from enum import StrEnum
from functools import partial
from typing import Annotated

import typer

from caviar.service.cli.options import (
    Jobs,
    Objective,
    Server,
    TrialSeconds,
    function_options,
)
from caviar.service.cli.terminal import impatient, on_signal
from caviar.service.client import DEFAULT_SERVER, LEASE_SECONDS
from caviar.service.local.processes import cores


class Backend(StrEnum):
    """What runs the processes of a pool."""

    LOKY = "loky"  # processes of this machine


def work(
    server: Server = DEFAULT_SERVER,
    jobs: Jobs = None,
    study: Annotated[
        str | None, typer.Option(help="Train only this study, and end with it.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="The worker's name. Default: the host's name.")
    ] = None,
    backend: Annotated[
        Backend, typer.Option(help="The joblib backend of the pool.")
    ] = Backend.LOKY,
    lease_seconds: Annotated[
        float,
        typer.Option(
            min=1, max=86_400, help="The time after which a silent worker loses its trials."
        ),
    ] = LEASE_SECONDS,
    checkpoint_seconds: Annotated[
        float, typer.Option(min=0, help="The time between two checkpoints of a trial.")
    ] = 30.0,
    objective: Objective = None,
    trial_seconds: TrialSeconds = None,
    leash: Annotated[
        bool, typer.Option("--leash", hidden=True, help="End when standard input closes.")
    ] = False,
) -> None:
    """Start a worker that trains the trials of a server, in a pool of processes."""
    from caviar.service.worker import feed
    from caviar.service.worker.objectives import objective_of

    count = cores(jobs)
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
        trials = feed.Feed(
            client,
            trained,
            jobs=count,
            worker=name or feed.default_name(),
            study=study,
            lease_seconds=lease_seconds,
        )
        stopping = on_signal(partial(feed.stop_soon, trials))
        feed.work(trials, jobs=count, backend=backend)
    if stopping.is_set():
        raise typer.Exit(feed.STOPPED)


def _end_with_standard_input() -> None:
    """Wait until the parent process has ended, then end at once: the leases expire."""
    while os.read(0, 4096):
        pass
    os._exit(1)
