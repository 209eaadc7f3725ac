"""The embedded worker: a process that is restarted when it dies and ends with its parent."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from caviar.service import logs
from caviar.service.contract.errors import CaviarError
from caviar.service.contract.keys import KEY_FILE_VARIABLE, KEY_VARIABLE

if TYPE_CHECKING:
    from caviar.service.server.store.database import Database

WORKER_NAME = "embedded"
"""The name of the worker beside an embedded server. The worker ends with its server, so a starting
server can reclaim every trial that is leased to this name."""

QUICK_SECONDS = 30.0
"""A worker that dies sooner, without having begun a trial, has died at once."""

MAX_QUICK_DEATHS = 5
"""How often in a row a worker may die at once before it is given up."""

INTERRUPT_SECONDS = 1.0
"""How long this process may take to notice that it was interrupted as its worker was."""

INTERRUPTED = (130, -signal.SIGINT)
"""The exit codes of a worker that Ctrl-C has ended: it reaches every process of a terminal."""

RESTART_SECONDS = (0.5, 10.0)
END_SECONDS = 10.0

LATE_SECONDS = 0.5
"""The time after which the next worker runs but has not asked yet. A call that the dead worker sent
before it died may have leased trials until then: they are reclaimed as well."""

logger = logging.getLogger("caviar")


class WorkerLost(CaviarError):
    """The worker dies at once, again and again, and is not started any more."""

    slug, title = "worker-lost", "The worker dies at once"


class Beside:
    """The worker beside a server, as its parent sees it. A call ends it."""

    def __init__(self) -> None:
        self.end_seconds = END_SECONDS
        """For how long it may release its trials at its end; 0 kills it at once."""
        self.stop = threading.Event()
        self.thread: threading.Thread | None = None
        self._lost: WorkerLost | None = None

    def __call__(self) -> None:
        """End the worker: before its server stops, so that it can release its trials."""
        self.stop.set()
        if self.thread is not None:
            self.thread.join(timeout=END_SECONDS + 5)

    def check(self) -> None:
        """Check that there is a worker, or that there will be one again.

        Raises:
            WorkerLost: it was given up.
        """
        if self._lost is not None:
            raise self._lost

    def give_up(self, how: str) -> None:
        """Start no worker any more."""
        self._lost = WorkerLost(
            f"the worker ended {MAX_QUICK_DEATHS} times right after its start, the last time with "
            f"{how}, and is not started again: its messages above say why"
        )
        logger.error("%s", self._lost.detail)


@contextmanager
def worker_beside(
    *,
    server: str,
    jobs: int,
    study: str | None = None,
    options: Sequence[str] = (),
    name: str = WORKER_NAME,
    datasets: Path | None = None,
    key: str | None = None,
    log_level: str = "warning",
    on_death: Callable[[], None],
) -> Iterator[Beside]:
    """Run a worker for the server, and restart it whenever it dies, until the context ends.

    One that dies at once, again and again, is given up. Yields what ends the worker earlier.

    Args:
        server: an address that is listened on, even if the server does not answer yet.
        jobs: the number of processes in the worker's pool.
        study: the only study it works for, if any; the worker ends with the study.
        options: further options of `caviar work`.
        name: the worker's name.
        datasets: the server's folder of data sets, which the worker then need not copy.
        key: a key of the server; by default that of this process's environment.
        log_level: the level of the worker's log.
        on_death: called when a worker has died, and again when the next one has just started.
    """
    beside = Beside()
    command = [
        *(sys.executable, "-P", "-m", "caviar", "work", "--leash", "--name", name),
        *("--server", server, "--jobs", str(jobs), "--log-level", log_level),
        *("--log-format", logs.current_form()),
        *(() if study is None else ("--study", study)),
        *options,
    ]
    supervised = (command, _environment(datasets, key), on_death, beside, study is not None)
    beside.thread = threading.Thread(
        target=_supervise, args=supervised, name="supervisor", daemon=True
    )
    beside.thread.start()
    try:
        yield beside
    finally:
        beside()


def cores(jobs: int | None) -> int:
    """The number of processes: `jobs`, or else the number of cores that this process may use."""
    if jobs is not None:
        return jobs
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def reclaim(database: Database | None) -> None:
    """Return the trials of the embedded worker that died to the queue."""
    if database is not None:
        from caviar.service.server.operations import leases

        try:
            leases.reclaim_from(database, WORKER_NAME)
        except Exception as error:  # such as of a database that has no tables yet
            # It would end the thread that starts the next worker. The leases run out by themselves.
            logger.debug("the trials of the dead worker were not reclaimed: %s", error)


def _environment(datasets: Path | None, key: str | None) -> dict[str, str]:
    """The environment of a worker; a key is in no command line, which every user can list."""
    given = os.environ.get("CAVIAR_DATASETS")
    folders = [given, None if datasets is None else str(datasets.absolute())]
    variables = {"CAVIAR_DATASETS": os.pathsep.join(filter(None, folders))}
    if key is not None:
        variables |= {KEY_VARIABLE: key, KEY_FILE_VARIABLE: ""}
    return {**os.environ, **variables}


def _supervise(
    command: Sequence[str],
    environment: Mapping[str, str],
    on_death: Callable[[], None],
    beside: Beside,
    ends_with_study: bool,
) -> None:
    stop = beside.stop
    wait_seconds = RESTART_SECONDS[0]
    quick_deaths = 0
    died = False
    while not stop.is_set():
        life = _run_once(command, environment, beside, on_start=on_death if died else None)
        if stop.is_set() or (life.exit_code == 0 and ends_with_study):
            return
        if life.exit_code in INTERRUPTED and stop.wait(INTERRUPT_SECONDS):
            return
        died = True
        on_death()
        quick_deaths = quick_deaths + 1 if life.was_quick else 0
        if quick_deaths == MAX_QUICK_DEATHS:
            beside.give_up(life.how)
            return
        logger.warning("the worker died with %s: starting another", life.how)
        stop.wait(wait_seconds)
        wait_seconds = min(RESTART_SECONDS[1], 2 * wait_seconds)


@dataclass(frozen=True)
class Life:
    """The life of one worker process."""

    exit_code: int
    was_quick: bool
    """Whether it died soon, without having begun a trial."""

    @property
    def how(self) -> str:
        """The exit code in words."""
        if self.exit_code >= 0:
            return f"exit code {self.exit_code}"
        return f"signal {signal.Signals(-self.exit_code).name}"


def _run_once(
    command: Sequence[str],
    environment: Mapping[str, str],
    beside: Beside,
    *,
    on_start: Callable[[], None] | None,
) -> Life:
    """Run one worker to its end."""
    # The worker ends when its standard input closes, which it does however this process ends. By
    # the same socket the worker says that it begins its first trial.
    ours, theirs = socket.socketpair()
    began_at = time.monotonic()
    with ours:
        with theirs:
            process = subprocess.Popen(command, stdin=theirs.fileno(), env=environment)
        with process:
            if on_start is not None and not beside.stop.wait(LATE_SECONDS):
                on_start()
            while process.poll() is None and not beside.stop.wait(0.1):
                pass
            if process.poll() is None:
                _end(process, beside.end_seconds)
        ours.setblocking(False)
        has_begun = _has_data(ours)
    was_quick = time.monotonic() - began_at < QUICK_SECONDS and not has_begun
    return Life(process.returncode, was_quick)


def _has_data(connection: socket.socket) -> bool:
    try:
        return bool(connection.recv(1))
    except OSError:
        return False


def _end(process: subprocess.Popen[bytes], seconds: float) -> None:
    if seconds:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=seconds)
            return
    process.kill()
    process.wait()
