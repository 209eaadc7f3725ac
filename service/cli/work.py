"""`caviar work`: a worker, which trains the trials of a server in a pool of processes."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from caviar.service import logs
from caviar.service.cli.options import (
    Jobs,
    LogFormat,
    LogLevel,
    Objective,
    Server,
    TrialSeconds,
    function_options,
)
from caviar.service.cli.terminal import TERMINATED, Stopping, impatient, on_signal
from caviar.service.client import DEFAULT_SERVER, LEASE_SECONDS
from caviar.service.contract.errors import Invalid
from caviar.service.local.processes import cores

if TYPE_CHECKING:
    from caviar.service.worker.dask_pool import DaskPool
    from caviar.service.worker.feed import Worker

logger = logging.getLogger("caviar")


class Backend(StrEnum):
    """What runs the processes of a pool."""

    LOKY = "loky"  # processes of this machine
    DASK = "dask"  # processes of a Dask cluster


ClusterTls = Annotated[
    tuple[Path, Path, Path] | None,
    typer.Option(
        metavar="CA CERTIFICATE KEY",
        help="With --cluster tls://…: the files, in PEM, of the authority, of this client's "
        "certificate, and of its key. Default: what Dask's settings say.",
    ),
]


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
        Backend, typer.Option(help="What runs the pool: this machine, or a Dask cluster.")
    ] = Backend.LOKY,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="With --backend dask: the scheduler to join, such as tcp://HOST:8786 or "
            "tls://HOST:8786, or `local` to start a cluster on this machine.",
        ),
    ] = None,
    cluster_tls: ClusterTls = None,
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
    log_level: LogLevel = logs.LogLevel.INFO,
    log_format: LogFormat = logs.LogFormat.TEXT,
    leash: Annotated[
        bool, typer.Option("--leash", hidden=True, help="End when standard input closes.")
    ] = False,
) -> None:
    """Start a worker that trains the trials of a server, in a pool of processes."""
    logs.configure(log_level, log_format)
    from caviar.service.worker import feed
    from caviar.service.worker.objectives import objective_of

    if leash:
        threading.Thread(target=_end_with_standard_input, daemon=True).start()
    function_options(objective, study, trial_seconds)
    with impatient(server) as client, _pool(backend, cluster, cluster_tls, jobs) as pool:
        count = cores(jobs) if pool is None else max(1, pool.processes)
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
            on_first_task=_say_so if leash else lambda: None,
        )
        logs.bind(worker=trials.worker)
        worker = feed.Worker(trials, jobs=count, cluster=pool)
        stopping = on_signal(lambda: worker.stop_soon(stopping.exit_code))
        processes = "1 process" if count == 1 else f"{count} processes"
        logger.info("worker %s starts: %s for %s", trials.worker, processes, server)
        worker.work()
    logger.info("worker %s ends", trials.worker)
    if stopping.is_set() or worker.gave_up:
        raise typer.Exit(_exit_code(stopping, worker, leash=leash))


@contextmanager
def _pool(
    backend: Backend,
    cluster: str | None,
    cluster_tls: tuple[Path, Path, Path] | None,
    jobs: int | None,
) -> Iterator[DaskPool | None]:
    """The cluster that is the pool; None of a pool on this machine.

    Raises:
        Invalid: the options do not belong together, or the cluster's address has no known form.
        Unavailable: no scheduler answers.
    """
    if backend is Backend.LOKY:
        for option, value in (("--cluster", cluster), ("--cluster-tls", cluster_tls)):
            if value is not None:
                raise Invalid.field(option, "requires --backend dask")
        yield None
        return
    if cluster is None:
        raise Invalid.field(
            "--cluster", "is required with --backend dask: tcp://HOST:PORT, or local"
        )
    from caviar.service.worker.dask_pool import TlsFiles, dask_pool

    for file in cluster_tls or ():
        if not os.access(file, os.R_OK):
            raise Invalid.field("--cluster-tls", f"{file} cannot be read")
    tls = None if cluster_tls is None else TlsFiles(*cluster_tls)
    with dask_pool(cluster, jobs=jobs, cores=cores(None), tls=tls) as pool:
        yield pool


def _exit_code(stopping: Stopping, worker: Worker, *, leash: bool) -> int:
    """The exit code of a worker that did not end with its study.

    On a leash, 0 means that there is nothing more to do: the parent starts no other worker.
    """
    if worker.gave_up:
        return 0 if leash else 1
    return stopping.exit_code or (TERMINATED if leash else 0)


def _say_so() -> None:
    """Tell the parent that the worker has begun a trial."""
    with suppress(OSError):  # standard input is a pipe or a terminal
        os.write(0, b"1")


def _end_with_standard_input() -> None:
    """Wait until the parent process has ended, then end at once: the leases expire."""
    with suppress(OSError):  # a parent that dies before it has read what we said resets it
        while os.read(0, 4096):
            pass
    os._exit(1)
