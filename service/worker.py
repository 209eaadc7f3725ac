"""`caviar work`: a lazy stream of leased trials, grouped, into the joblib pool.

The worker's own process asks and groups; what runs in the pool (`segments.train`) reports and
tells by itself. Nothing comes back through the pool, so it may die at any time.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from engine.pool import run_pool
from service import segments
from service.client import ENDED, LEASE_SECONDS, Client
from service.errors import CaviarError, NotFound
from service.groups import Group, Grouping, Idle, Task

TRIALS_PER_JOB = 64
"""Trials asked for at once, for each process: enough to find company for most shapes."""

IDLE_SECONDS = (0.05, 1.0)
"""The first and the longest rest of a process that found nothing to do."""

GRACE_SECONDS = 5.0
"""How long a worker that was told to stop lets its groups finish."""

STOPPED = 130
"""The exit code of a worker that was told to stop."""

logger = logging.getLogger("caviar")


def default_name() -> str:
    """The machine's name, as far as a worker's name can hold it."""
    name = "".join(c if c.isalnum() or c in ".-" else "-" for c in socket.gethostname())
    return name[:128] or "worker"


def work(feed: Feed, *, jobs: int, backend: str = "loky") -> None:
    """Train what the feed gives in a pool of `jobs` processes, until the feed ends."""
    try:
        run_pool(
            segments.run,
            feed.tasks(),
            jobs=jobs,
            backend=backend,
            on_broken=lambda: logger.warning("a process of the pool died: its trials wait again"),
            on_error=lambda error: logger.error("a group was given up: %s", error),
        )
    finally:
        feed.give_back()


def stop_soon(feed: Feed) -> None:
    """End a worker in order: let the groups that train now finish, but not for long."""
    feed.stop()
    time.sleep(GRACE_SECONDS)
    feed.give_back()
    os._exit(STOPPED)


class Feed:
    """The stream of tasks for one pool: pulled by joblib whenever a process becomes free.

    Groups that were leased but not yet pulled are renewed by a thread; from the moment a group
    is pulled, the process that trains it renews its leases by reporting.
    """

    def __init__(
        self,
        client: Client,
        *,
        jobs: int,
        worker: str,
        study: str | None = None,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._client = client
        self._jobs = jobs
        self._worker = worker
        self._study = study
        self._lease_seconds = lease_seconds
        self._groups = Grouping(client, jobs=jobs)
        self._buffer: deque[Group] = deque()
        # The last groups that were pulled: among them are all that train now.
        self._pulled: deque[Group] = deque(maxlen=jobs)
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Ask for nothing more: the stream ends with the groups that train now."""
        self._stopping.set()

    def give_back(self) -> None:
        """Give back every lease that may still be ours: nothing more is trained here."""
        self._stopping.set()
        with self._lock:
            groups = [*self._buffer, *self._pulled]
            self._buffer.clear()
        for group in groups:
            group.give_back(self._client)

    def tasks(self) -> Iterator[Task]:
        """Groups to train, and short rests while there is nothing to do.

        A rest runs in the pool like a group, so that joblib, which pulls this stream while it
        holds a lock, is never kept waiting. The stream ends with its study.
        """
        rest_seconds = IDLE_SECONDS[0]
        with self._renewed_buffer():
            while True:
                group = self._next()
                if group is not None:
                    rest_seconds = IDLE_SECONDS[0]
                    yield group
                elif self._stopping.is_set():
                    return
                else:
                    yield Idle(rest_seconds)
                    rest_seconds = min(IDLE_SECONDS[1], 1.5 * rest_seconds)

    def _next(self) -> Group | None:
        if not (self._buffer or self._stopping.is_set()):
            try:
                self._refill()
            except NotFound:
                raise
            except CaviarError as error:
                logger.warning("no trials: %s", error.detail)
        with self._lock:
            if self._stopping.is_set() or not self._buffer:
                return None
            self._pulled.append(self._buffer.popleft())
            return self._pulled[-1]

    def _refill(self) -> None:
        answer = self._client.ask(
            self._study,
            count=self._jobs * TRIALS_PER_JOB,
            worker=self._worker,
            lease_seconds=self._lease_seconds,
        )
        if self._study is not None and answer.study_state in ENDED and not answer.trials:
            self._stopping.set()
        groups = self._groups.of(answer.trials)
        with self._lock:
            self._buffer.extend(groups)

    @contextmanager
    def _renewed_buffer(self) -> Iterator[None]:
        """Keep the leases of buffered groups alive while the stream is open."""
        done = threading.Event()

        def renew() -> None:
            while not done.wait(self._lease_seconds / 3):
                with self._lock:
                    groups = list(self._buffer)
                for group in groups:
                    group.renew(self._client)

        thread = threading.Thread(target=renew, name="renewer", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
