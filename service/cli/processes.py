"""A worker process beside this one: started at once, started anew when it dies, ended with us."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

WORKER_NAME = "embedded"
"""The name of the worker beside an embedded server. It dies with its server, so a server that
starts knows that whatever this worker held is lost."""

RESTART_SECONDS = (0.5, 10.0)
END_SECONDS = 10.0

LATE_SECONDS = 0.5
"""After so long the next worker runs, but has not asked yet. What the dead one was given by then,
in answer to a call that it had made before it died, is lost, too."""

logger = logging.getLogger("caviar")


@contextmanager
def worker_beside(
    *,
    server: str,
    jobs: int,
    study: str | None = None,
    options: Sequence[str] = (),
    on_death: Callable[[], None],
) -> Iterator[Callable[[], None]]:
    """Run a worker for the server, and another whenever it dies, until the context ends.

    Gives a function that ends it earlier: before its server does, so that it can say goodbye.

    Args:
        server: an address that listens, even if nobody answers there yet.
        jobs: processes in the worker's pool.
        study: the only study it works for, if any; the worker ends with it.
        options: more options of `caviar work`.
        on_death: called when a worker has died, and again when the next one has just started.
    """
    stop = threading.Event()
    command = [
        *(sys.executable, "-P", "-m", "caviar", "work", "--leash", "--name", WORKER_NAME),
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


def _supervise(command: Sequence[str], on_death: Callable[[], None], stop: threading.Event) -> None:
    wait_seconds = RESTART_SECONDS[0]
    died = False
    while not stop.is_set():
        # Its standard input is a leash: it closes when this process ends, however it ends.
        with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
            if died and not stop.wait(LATE_SECONDS):
                on_death()
            while process.poll() is None and not stop.wait(0.1):
                pass
            if process.poll() is None:
                _end(process)
        if process.returncode == 0:
            return
        if not stop.is_set():
            logger.warning("the worker died (%s): starting another", process.returncode)
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
