"""`caviar work`: a pool of processes that trains for a server."""

from __future__ import annotations

import os
import threading
from enum import StrEnum
from functools import partial
from typing import Annotated

import typer

from service import settings
from service.client import DEFAULT_SERVER, LEASE_SECONDS
from service.commands.terminal import impatient, on_signal
from service.settings import Jobs, Server


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
    leash: Annotated[
        bool, typer.Option("--leash", hidden=True, help="End when standard input closes.")
    ] = False,
) -> None:
    """Train networks for a server in a pool of processes."""
    from service.worker import STOPPED, Feed, default_name, stop_soon
    from service.worker import work as work_on

    count = settings.cores(jobs)
    if leash:
        threading.Thread(target=_end_with_standard_input, daemon=True).start()
    with impatient(server) as client:
        feed = Feed(
            client,
            jobs=count,
            worker=name or default_name(),
            study=study,
            lease_seconds=lease_seconds,
            checkpoint_seconds=checkpoint_seconds,
        )
        stopping = on_signal(partial(stop_soon, feed))
        work_on(feed, jobs=count, backend=backend)
    if stopping.is_set():
        raise typer.Exit(STOPPED)


def _end_with_standard_input() -> None:
    """Wait until whoever started us is gone, then end at once: our leases bring the work back."""
    while os.read(0, 4096):
        pass
    os._exit(1)
