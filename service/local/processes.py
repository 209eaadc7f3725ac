"""The embedded worker: a process that is restarted when it dies and ends with its parent."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caviar.service.server.store.database import Database

WORKER_NAME = "embedded"
"""The name of the worker beside an embedded server. The worker ends with its server, so a starting
server can reclaim every trial that is leased to this name."""

# A worker that is killed leaves the semaphores of its pool to loky's resource tracker, which
# removes them with a warning that no user can act on.
QUIET_TRACKER = "ignore:resource_tracker:UserWarning"

RESTART_SECONDS = (0.5, 10.0)
END_SECONDS = 10.0

LATE_SECONDS = 0.5
"""The time after which the next worker runs but has not asked yet. A call that the dead worker sent
before it died may have leased trials until then: they are reclaimed as well."""

logger = logging.getLogger("caviar")


@contextmanager
def worker_beside(
    *,
    server: str,
    jobs: int,
    study: str | None = None,
    options: Sequence[str] = (),
    name: str = WORKER_NAME,
    on_death: Callable[[], None],
) -> Iterator[Callable[[], None]]:
    """Run a worker for the server, and restart it whenever it dies, until the context ends.

    Yields a function that ends the worker earlier: before its server stops, so that the worker
    can release its trials.

    Args:
        server: an address that is listened on, even if the server does not answer yet.
        jobs: the number of processes in the worker's pool.
        study: the only study it works for, if any; the worker ends with the study.
        options: further options of `caviar work`.
        name: the worker's name.
        on_death: called when a worker has died, and again when the next one has just started.
    """
    stop = threading.Event()
    command = [
        *(sys.executable, "-P", "-m", "caviar", "work", "--leash", "--name", name),
        *("--server", server, "--jobs", str(jobs)),
        *(() if study is None else ("--study", study)),
        *options,
    ]
    thread = threading.Thread(
        target=_supervise, args=(command, on_death, stop), name="supervisor", daemon=True
    )

    def end() -> None:
        stop.set()
        thread.join(timeout=END_SECONDS + 5)

    thread.start()
    try:
        yield end
    finally:
        end()


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

        leases.reclaim_from(database, WORKER_NAME)


def _supervise(command: Sequence[str], on_death: Callable[[], None], stop: threading.Event) -> None:
    filters = (os.environ.get("PYTHONWARNINGS"), QUIET_TRACKER)
    environment = os.environ | {"PYTHONWARNINGS": ",".join(filter(None, filters))}
    wait_seconds = RESTART_SECONDS[0]
    died = False
    while not stop.is_set():
        # The worker ends when its standard input closes, which it does however this process ends.
        with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as process:
            if died and not stop.wait(LATE_SECONDS):
                on_death()
            while process.poll() is None and not stop.wait(0.1):
                pass
            if process.poll() is None:
                _end(process)
        if process.returncode == 0:
            return
        if not stop.is_set():
            logger.warning(
                "the worker died with exit code %s: starting another", process.returncode
            )
            died = True
            on_death()
            stop.wait(wait_seconds)
            wait_seconds = min(RESTART_SECONDS[1], 2 * wait_seconds)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
