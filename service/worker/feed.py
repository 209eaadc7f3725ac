"""`caviar work`: a lazy stream of leased trials, as tasks, into a pool of processes.

The worker's own process asks for trials and makes tasks of them; a task in the pool reports and
tells by itself. Nothing comes back through the pool, so the pool may die at any time.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from caviar.engine.errors import PoolError
from caviar.engine.pool import Ending, run_pool
from caviar.service import logs
from caviar.service.client import ENDED, LEASE_SECONDS, Client
from caviar.service.contract.definition_file import require_kind
from caviar.service.contract.errors import (
    CaviarError,
    Invalid,
    NotFound,
    Refused,
    Unauthenticated,
)
from caviar.service.worker.failures import Failures
from caviar.service.worker.objectives import Objective
from caviar.service.worker.outages import Outage
from caviar.service.worker.tasks import Idle, LeasedTask, Task

if TYPE_CHECKING:
    from caviar.service.worker.dask_pool import DaskPool

ASK_SECONDS = (0.02, 1.0)
"""The first and the longest wait between two asks that find nothing."""

AWAY_SECONDS = (1.0, 15.0)
"""The first and the longest wait while the server does not answer."""

REST_SECONDS = (0.02, 0.5)
"""The first and the longest rest of a process that found nothing to do."""

GRACE_SECONDS = 5.0
"""How long a worker that was told to stop lets its tasks finish, and then takes to end."""

logger = logging.getLogger("caviar")


def default_name() -> str:
    """The machine's name, in the characters that a worker's name may have."""
    name = "".join(c if c.isalnum() or c in ".-" else "-" for c in socket.gethostname())
    return name[:128] or "worker"


class Worker:
    """Does what a feed gives in a pool of processes, until the feed ends or it is told to stop.

    The pool is run by joblib on this machine, or is a cluster.
    """

    def __init__(self, feed: Feed, *, jobs: int, cluster: DaskPool | None = None) -> None:
        self._feed = feed
        self._jobs = jobs
        self._cluster = cluster
        self._pool = Ending()
        self._has_ended = threading.Event()
        self._failures = Failures(feed.client, worker=feed.worker, give_up=self._give_up)
        self.gave_up = False
        """Whether it ended because every trial failed in the same way."""

    def work(self) -> None:
        """Work to the end.

        Raises:
            CaviarError: what ended the feed, or its processes die before they finish a task.
        """
        run = partial(_run_logged, self._feed.objective.run, logs.current())
        perform = partial(run_pool, jobs=self._jobs) if self._cluster is None else self._cluster.run
        try:
            perform(
                run,
                self._feed.tasks(),
                on_broken=lambda: logger.warning("a process died: its trials wait again"),
                on_error=lambda error: logger.error("a task failed: %s", error),
                on_notice=self._failures.note,
                ending=self._pool,
            )
            # Every task that was pulled has ended by now, and has told its results.
            self._feed.release(pulled=False)
        except PoolError as error:
            raise CaviarError(f"{error}: {error.__cause__}") from error
        finally:
            self._has_ended.set()

    def stop_soon(self, exit_code: int) -> None:
        """End in order, from another thread: let the tasks that run now finish, but not for long.

        If the process cannot end in order, it ends with the exit code.
        """
        self._feed.stop()
        if self._has_ended.wait(GRACE_SECONDS):
            return
        self._feed.release(pulled=True)
        self._pool.now()
        if not self._has_ended.wait(GRACE_SECONDS):
            os._exit(exit_code)

    def _give_up(self) -> None:
        self.gave_up = True
        threading.Thread(target=self.stop_soon, args=(1,), daemon=True).start()


def _run_logged(run: Callable[[Task], object], setup: logs.Setup, task: Task) -> object:
    """In a process of the pool: do a task, and log it as the worker does."""
    setup.apply()
    return run(task)


class Feed:
    """The stream of tasks for one pool: pulled by it whenever a process becomes free.

    A thread asks ahead, so that the next task is there when a process is free, and renews the
    leases of tasks that were not pulled yet. From the moment a task is pulled, the process that
    does it renews its leases by reporting.
    """

    def __init__(
        self,
        client: Client,
        objective: Objective,
        *,
        jobs: int,
        worker: str,
        study: str | None = None,
        lease_seconds: float = LEASE_SECONDS,
        on_first_task: Callable[[], None] = lambda: None,
    ) -> None:
        self.objective = objective
        self.client = client
        self.worker = worker
        self._jobs = jobs
        self._on_first_task = on_first_task
        self._study = study
        self._lease_seconds = lease_seconds
        self._buffer: deque[LeasedTask] = deque()
        # The last tasks that were pulled: among them are all that run now.
        self._pulled: deque[LeasedTask] = deque(maxlen=jobs)
        self._idle = threading.Event()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._outage = Outage()
        self._studies: set[str] = set()
        self._failure: CaviarError | None = None

    def stop(self) -> None:
        """Ask for nothing more: the stream ends with the tasks that run now."""
        self._ended.set()
        self._wake.set()

    def release(self, *, pulled: bool) -> None:
        """Release the leases of tasks that the pool has not pulled, and of those `pulled` last."""
        self.stop()
        with self._lock:
            leased = [*self._buffer, *(self._pulled if pulled else ())]
            self._buffer.clear()
        for task in leased:
            task.release(self.client)

    def tasks(self) -> Iterator[Task]:
        """Leased tasks, and short rests while there is nothing to do.

        A rest runs in the pool like a leased task, so that joblib, which pulls this stream while
        it holds a lock, never waits. The stream ends with its study.

        Raises:
            NotFound: there is no such study, or no longer.
            Invalid: its objective is of another kind.
        """
        asker = threading.Thread(target=self._ask_ahead, name="asker", daemon=True)
        asker.start()
        rests = _growing(REST_SECONDS)
        while not self._ended.is_set():
            task = self._pull()
            if task is None:
                yield Idle(next(rests))
                continue
            rests = _growing(REST_SECONDS)
            self._note_study(task)
            yield task
            # A process is free again: perhaps its task was the last of a round.
            self._wake.set()
        asker.join()
        if self._failure is not None:
            raise self._failure

    def _note_study(self, task: LeasedTask) -> None:
        if not self._studies:
            self._on_first_task()
        if task.study not in self._studies:
            self._studies.add(task.study)
            logger.info(
                "study %s begins at this worker", task.study, extra=logs.about(study=task.study)
            )

    def _pull(self) -> LeasedTask | None:
        with self._lock:
            if not self._buffer:
                self._idle.set()
                return None
            self._pulled.append(self._buffer.popleft())
            return self._pulled[-1]

    def _ask_ahead(self) -> None:
        self._check_study()
        waits, away = _growing(ASK_SECONDS), _growing(AWAY_SECONDS)
        renewed_at = time.monotonic()
        while not self._ended.is_set():
            if self._wake.is_set():
                self._wake.clear()
                waits = _growing(ASK_SECONDS)
            if self._has_room() and self._refill():
                waits = _growing(ASK_SECONDS)
            if time.monotonic() - renewed_at > self._lease_seconds / 3:
                renewed_at = time.monotonic()
                self._renew()
            if self._outage.is_on:
                self._ended.wait(next(away))
            else:
                away = _growing(AWAY_SECONDS)
                self._wake.wait(next(waits))

    def _has_room(self) -> bool:
        """Whether to ask for more: while few tasks are there, or when a process is free."""
        if self.objective.prefetched:
            return len(self._buffer) < self._jobs
        if self._buffer or not self._idle.is_set():
            return False
        self._idle.clear()
        return True

    def _check_study(self) -> None:
        """End with an error if the study does not exist, or has an objective of another kind."""
        if self._study is None:
            return
        try:
            require_kind(self.client.study(self._study).objective["kind"], self.objective.kind)
        except (NotFound, Invalid, Unauthenticated, Refused) as error:
            self._failure = error
            self.stop()
        except CaviarError as error:
            self._outage.begin("the study was not read", error.detail)

    def _refill(self) -> bool:
        """Ask for trials; whether there were any."""
        try:
            answer = self.client.ask(
                self._study,
                count=max(1, self._jobs * self.objective.prefetched),
                worker=self.worker,
                lease_seconds=self._lease_seconds,
                prefetched=True,
            )
            tasks = self.objective.tasks(answer.trials)
        except CaviarError as error:
            has_gone = isinstance(error, NotFound) and self._study is not None
            if has_gone or isinstance(error, Unauthenticated | Refused):
                self._failure = error
                self.stop()
            else:
                self._outage.begin("no trials were leased", error.detail)
            return False
        self._outage.end()
        with self._lock:
            self._buffer.extend(tasks)
        if self._study is not None and answer.study_state in ENDED and not answer.trials:
            self.stop()
        return bool(tasks)

    def _renew(self) -> None:
        with self._lock:
            prefetched = list(self._buffer)
        for task in prefetched:
            task.renew(self.client)


def _growing(seconds: tuple[float, float]) -> Iterator[float]:
    """Waits that grow by half from the first to the longest."""
    wait, longest = seconds
    while True:
        yield wait
        wait = min(longest, 1.5 * wait)
