"""Reads that take long: a few at a time, each once for all who ask, and none for who has left.

Figures, importance, replicas and exports are computed by two threads, so that no number of readers
delays an ask. A short queue waits for them; beyond it a reader is told to come again. What was
computed is kept as the bytes of the answer until its study changes or there is no room.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Annotated, TypeAlias, TypeVar

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from caviar.service.contract.errors import Unavailable
from caviar.service.server.http.common import not_modified
from caviar.service.server.http.direct import FromState
from caviar.service.server.operations import versions
from caviar.service.server.store.database import Database

T = TypeVar("T")

Read: TypeAlias = tuple[str, int, bytes]
"""An answer as JSON, after the time of its study's creation and the revision that it is of."""

Name: TypeAlias = tuple[str, ...]
"""What an answer is of: the study, and which of its figures or tables."""

THREADS = 2
"""Heavy reads that are computed at the same time."""

MAX_WAITING = 16
"""Heavy reads that wait for a thread."""

MAX_STREAMS = 4
"""Exports at the same time."""

CACHE_BYTES = 16 * 2**20
"""Size of the answers that are kept."""

LOOK_SECONDS = 0.1
"""How often a waiting request looks whether its caller has left."""

SWITCH_SECONDS = 0.0005
"""How long a thread computes before another has its turn: a tenth of Python's own setting."""

RETRY_SECONDS = 1
"""When a reader may come again who found the queue full."""

CLIENT_CLOSED_REQUEST = 499
"""The status for the log, since the caller has left."""


@dataclass
class _Job:
    """A read that was asked for, and how many requests wait for it."""

    future: Future[Read]
    callers: int = 0


class HeavyReads:
    """The heavy reads of one server."""

    def __init__(
        self, *, threads: int = THREADS, waiting: int = MAX_WAITING, cache_bytes: int = CACHE_BYTES
    ) -> None:
        self._pool = ThreadPoolExecutor(
            threads, thread_name_prefix="heavy", initializer=_let_others_go_on
        )
        self._most = threads + waiting
        self._cache_bytes = cache_bytes
        # Requests and threads meet here; the callbacks of a job run within a call that holds it.
        self._lock = threading.RLock()
        self._jobs: dict[tuple[Name, str, int], _Job] = {}
        self._cache: OrderedDict[Name, Read] = OrderedDict()
        self._cached_bytes = 0
        self._streams = 0

    def close(self) -> None:
        """Drop what waits."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def answer(
        self, request: Request, database: Database, name: Name, work: Callable[[], Read]
    ) -> Response:
        """The answer of a read of a study: unchanged, kept, or computed now.

        Args:
            request: the request, whose caller may leave.
            database: the database.
            name: what is read; the study first.
            work: computes the answer. It is not called if another request has called its own.

        Raises:
            NotFound: there is no such study.
            Unavailable: too many reads wait.
        """
        created_at, revision = await run_in_threadpool(versions.of, database, name[0])
        response = Response(media_type="application/json")
        unchanged = not_modified(request, response, created_at, revision)
        if unchanged is not None:
            return unchanged
        read = self._kept(name, created_at, revision)
        if read is None:
            read = await self._computed(request, (name, created_at, revision), work)
        if read is None:
            return Response(status_code=CLIENT_CLOSED_REQUEST)
        # The study may have changed since: the answer says which revision it is of.
        response = Response(read[2], media_type="application/json")
        not_modified(request, response, read[0], read[1])
        return response

    def _kept(self, name: Name, created_at: str, revision: int) -> Read | None:
        with self._lock:
            read = self._cache.get(name)
            if read is None or read[:2] != (created_at, revision):
                return None
            self._cache.move_to_end(name)
            return read

    async def _computed(
        self, request: Request, key: tuple[Name, str, int], work: Callable[[], Read]
    ) -> Read | None:
        """The result of the one job of this key; None if the caller has left."""
        job = self._join(key, work)
        try:
            return job.future.result() if await _ended(job.future, request) else None
        except CancelledError:
            raise Unavailable("the server stops: try again", retry_after=RETRY_SECONDS) from None
        finally:
            with self._lock:
                job.callers -= 1
                if not job.callers:
                    job.future.cancel()  # unless it has begun: then its result is kept

    def _join(self, key: tuple[Name, str, int], work: Callable[[], Read]) -> _Job:
        with self._lock:
            job = self._jobs.get(key)
            if job is None:
                if len(self._jobs) >= self._most:
                    raise Unavailable(
                        "too many figures and tables are being computed: try again",
                        retry_after=RETRY_SECONDS,
                    )
                job = self._jobs[key] = _Job(self._pool.submit(work))
                job.future.add_done_callback(lambda future: self._end(key, future))
            job.callers += 1
            return job

    def _end(self, key: tuple[Name, str, int], future: Future[Read]) -> None:
        with self._lock:
            del self._jobs[key]
            if not future.cancelled() and future.exception() is None:
                self._keep(key[0], future.result())

    def _keep(self, name: Name, read: Read) -> None:
        known = self._cache.pop(name, None)
        if known is not None:
            self._cached_bytes -= len(known[2])
            if known[0] == read[0] and known[1] > read[1]:
                read = known  # a later read has ended earlier
        self._cache[name] = read
        self._cached_bytes += len(read[2])
        while self._cached_bytes > self._cache_bytes:
            _, oldest = self._cache.popitem(last=False)
            self._cached_bytes -= len(oldest[2])

    @asynccontextmanager
    async def stream(self) -> AsyncIterator[Callable[[Iterator[T]], AsyncIterator[T]]]:
        """A place for one long stream, and the function that iterates in the threads of the pool.

        Raises:
            Unavailable: there is no place.
        """
        with self._lock:
            if self._streams >= MAX_STREAMS:
                raise Unavailable(
                    f"{MAX_STREAMS} exports are running: try again", retry_after=RETRY_SECONDS
                )
            self._streams += 1
        try:
            yield self._iterate
        finally:
            with self._lock:
                self._streams -= 1

    async def _iterate(self, items: Iterator[T]) -> AsyncIterator[T]:
        """Each item from a thread of the pool, so that other reads take turns with a long one."""
        loop = asyncio.get_running_loop()
        while found := await loop.run_in_executor(self._pool, _next, items):
            yield found[0]


def _let_others_go_on() -> None:
    """Have threads of this process take turns more often.

    A thread that computes keeps the interpreter for this long at a time. An ask gives it up at each
    of its statements, and waits as long for it each time.
    """
    sys.setswitchinterval(SWITCH_SECONDS)


def _next(items: Iterator[T]) -> tuple[T] | None:
    for item in items:
        return (item,)
    return None


async def _ended(future: Future[Read], request: Request) -> bool:
    """Wait until a job has ended; False if the caller has left before."""
    loop = asyncio.get_running_loop()
    woken = asyncio.Event()

    def wake(_: Future[Read]) -> None:
        with suppress(RuntimeError):  # the loop of a server that stops is closed
            loop.call_soon_threadsafe(woken.set)

    future.add_done_callback(wake)
    while not future.done():
        with suppress(TimeoutError):
            await asyncio.wait_for(woken.wait(), LOOK_SECONDS)
        if not future.done() and await request.is_disconnected():
            return False
    return True


HeavyReadsOf = Annotated[HeavyReads, FromState("heavy_reads")]
