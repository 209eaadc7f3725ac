"""The pool of `caviar work --backend dask`: the processes of a Dask cluster.

A task goes to one process of the cluster that has none, and only there: if that process dies, the
task is lost as in a pool of this machine, and the leases of its trials bring them back. So Dask
repeats nothing, and nothing but notices comes back through it. The pool has as many processes as
the cluster has now: those that join are used, and those that leave are not missed.
"""

from __future__ import annotations

import logging
import os
import pickle
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urlsplit

from caviar.engine.errors import PoolError
from caviar.engine.pool import SAFE_PATH, Ending, pickled
from caviar.service import __version__
from caviar.service.contract.errors import Conflict, Invalid, Unavailable
from caviar.service.contract.keys import KEY_VARIABLE
from caviar.service.worker.attempts import client_of
from caviar.service.worker.tasks import Idle, Task

LOCAL = "local"
"""The cluster that is started on this machine, and ends with its worker."""

LOOK_SECONDS = 0.5
"""How often the processes of the cluster are looked at."""

SHRINK_SECONDS = 60.0
"""After how long without a task a cluster of our own keeps one process only."""

CONNECT_SECONDS = 10.0

SETTINGS = {"distributed.worker.profile.enabled": False}
"""Of a cluster of our own: Dask's profiler stops what trains a hundred times a second."""

ENVIRONMENT = (KEY_VARIABLE, "CAVIAR_CACHE")
"""Variables of this process that the cluster's processes get, if they are set."""

logger = logging.getLogger("caviar")


@dataclass(frozen=True)
class TlsFiles:
    """What a client of a cluster with TLS needs, in PEM."""

    authority: Path
    certificate: Path
    key: Path


@contextmanager
def dask_pool(
    cluster: str, *, jobs: int | None, cores: int, tls: TlsFiles | None = None
) -> Iterator[DaskPool]:
    """Join a cluster, or start one on this machine, until the context ends.

    Args:
        cluster: the scheduler's address, such as tcp://host:8786 or tls://host:8786, or `local`.
        jobs: how many of its processes are used at most; None: all.
        cores: how many processes `local` starts if `jobs` is None.
        tls: the files of a client of a cluster with TLS; None: what Dask's settings say.

    Raises:
        Conflict: dask.distributed is not installed.
        Invalid: the address has no known form.
        Unavailable: no scheduler answers there.
    """
    try:
        import dask.config
        import distributed
    except ImportError as error:
        raise Conflict(
            "--backend dask needs dask.distributed: pip install 'caviar-search[dask]'"
        ) from error
    logging.getLogger("distributed").setLevel(logging.WARNING)
    # That a scheduler is gone is said by PoolError, and not with a traceback.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        if cluster == LOCAL:
            # Its nannies warn of each process that does not end within seconds, and kill it.
            logging.getLogger("distributed.nanny").setLevel(logging.ERROR)
            os.environ.update(SAFE_PATH)  # its processes must not import from the current folder
            stack.enter_context(dask.config.set(SETTINGS))
            own = stack.enter_context(
                distributed.LocalCluster(
                    n_workers=jobs or cores,
                    threads_per_worker=1,
                    memory_limit=0,
                    dashboard_address=None,
                    silence_logs=logging.CRITICAL,
                )
            )
            client = stack.enter_context(distributed.Client(own, set_as_default=False))
            yield DaskPool(client, most=jobs or cores, own=own)
            return
        if "://" not in cluster:
            raise Invalid.field("--cluster", f"{cluster!r} is neither local nor tcp://HOST:PORT")
        _warn_of_plain_keys(cluster)
        try:
            client = distributed.Client(
                cluster,
                timeout=CONNECT_SECONDS,
                security=None if tls is None else _security(tls),
                set_as_default=False,
            )
        except (OSError, ValueError) as error:
            raise Unavailable(f"no Dask scheduler can be used at {cluster}: {error}") from error
        yield DaskPool(stack.enter_context(client), most=jobs)


def _security(tls: TlsFiles) -> Any:
    from distributed import Security

    return Security(
        tls_ca_file=str(tls.authority),
        tls_client_cert=str(tls.certificate),
        tls_client_key=str(tls.key),
        require_encryption=True,
    )


def _warn_of_plain_keys(cluster: str) -> None:
    address = urlsplit(cluster)
    is_private = address.scheme == "tls" or address.hostname in ("127.0.0.1", "localhost", "::1")
    if os.environ.get(KEY_VARIABLE) and not is_private:
        logger.warning("the server's key travels to %s unencrypted: use tls://", cluster)


class DaskPool:
    """The processes of a cluster, as a pool.

    Args:
        client: a client of the cluster.
        most: how many processes are used at most; None: all.
        own: the cluster, if it is our own: it then shrinks while there is nothing to do.
    """

    def __init__(self, client: Any, *, most: int | None = None, own: Any = None) -> None:
        self._client = client
        self._most = most
        self._own = own
        self._known: dict[str, bool] = {}
        """The processes of the cluster, and whether they have this version of Caviar."""
        self._looked_at = float("-inf")
        self._busy: dict[str, Any] = {}
        """What each busy process does: a future of Dask."""
        self._done: SimpleQueue[tuple[str, Any]] = SimpleQueue()
        self._spare: Any = None
        self._active_at = time.monotonic()
        self._is_small = False

    @property
    def processes(self) -> int:
        """How many processes it has now."""
        self._look()
        return len(self._usable())

    def run(
        self,
        work: Callable[[Any], object],
        tasks: Iterator[Task],
        *,
        on_error: Callable[[BaseException], None],
        on_broken: Callable[[], None],
        on_notice: Callable[[Any], None],
        ending: Ending,
    ) -> None:
        """Call `work(task)` in one of the processes for every task, as `engine.run_pool` does.

        Raises:
            PoolError: the scheduler is gone. And what the stream or a callback raises.
        """
        stream = _Stream(tasks)
        woken = _Waker(self._done)
        ending.note(woken)
        try:
            while not ending.is_now:
                for _ in self._lost():
                    on_broken()
                rest = self._give(work, stream)
                if stream.ended and not self._busy:
                    break
                self._receive(rest, on_error, on_notice)
        finally:
            self._client.cancel([*self._busy.values(), self._spare], force=True)
            self._busy.clear()
        if stream.failure is not None and not ending.is_now:
            raise stream.failure

    def _give(self, work: Callable[[Any], object], stream: _Stream) -> float:
        """Give tasks to the free processes; for how long to wait then."""
        for address in self._usable():
            if address in self._busy:
                continue
            task = stream.take()
            if task is None:
                return LOOK_SECONDS
            if isinstance(task, Idle):
                self._shrink()
                return task.seconds
            self._submit(address, work, task)
        if not stream.ended:
            self._grow()
        return LOOK_SECONDS

    def _submit(self, address: str, work: Callable[[Any], object], task: Task) -> None:
        environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        self._active_at = time.monotonic()
        future = self._client.submit(
            _perform,
            pickle.dumps((work, task, environment)),
            workers=[address],
            pure=False,
            retries=0,
        )
        self._busy[address] = future
        future.add_done_callback(lambda done: self._done.put((address, done)))

    def _receive(
        self,
        seconds: float,
        on_error: Callable[[BaseException], None],
        on_notice: Callable[[Any], None],
    ) -> None:
        """Wait for a process that becomes free, and take what others have done meanwhile."""
        with suppress(Empty):
            address, future = self._done.get(timeout=seconds)
            while True:
                if future is not None and self._busy.get(address) is future:
                    del self._busy[address]
                    self._note(future, on_error, on_notice)
                address, future = self._done.get_nowait()

    def _note(
        self,
        future: Any,
        on_error: Callable[[BaseException], None],
        on_notice: Callable[[Any], None],
    ) -> None:
        if future.status != "finished":  # Dask itself failed, such as by too little memory
            on_error(PoolError(f"Dask ended a task with {future.status}: {future.exception()}"))
            return
        outcome = future.result()
        if outcome is not None:
            told = pickle.loads(outcome)
            (on_error if isinstance(told, BaseException) else on_notice)(told)

    def _lost(self) -> list[str]:
        """The busy processes that have left the cluster: their tasks are lost."""
        if time.monotonic() - self._looked_at > LOOK_SECONDS:
            self._look()
        lost = [address for address in self._busy if address not in self._known]
        for address in lost:
            self._client.cancel([self._busy.pop(address)], force=True)
        return lost

    def _look(self) -> None:
        """Look at the processes of the cluster; greet those that are new.

        Raises:
            PoolError: the scheduler does not answer.
        """
        try:
            # Client.scheduler_info may give what a thread of Dask has read meanwhile, without them.
            identity = self._client.sync(self._client.scheduler.identity, n_workers=-1)
        except Exception as error:  # Dask says it in many ways
            raise PoolError("the Dask scheduler does not answer any more") from error
        there = set(identity["workers"])
        self._looked_at = time.monotonic()
        self._known = {address: fits for address, fits in self._known.items() if address in there}
        if new := sorted(there - self._known.keys()):
            found = self._client.run(_prepare, workers=new, on_error="return")
            for address in new:
                version = found.get(address)
                self._known[address] = version == __version__
                if isinstance(version, str) and version != __version__:
                    logger.error("%s has Caviar %s, not %s", address, version, __version__)
                elif not isinstance(version, str):
                    logger.error("%s cannot be used: %s", address, version)

    def _usable(self) -> list[str]:
        return [address for address, fits in self._known.items() if fits][: self._most]

    def _grow(self) -> None:
        """Ask for another process, as long as there are tasks for it.

        A task that waits for any free process is what makes an adaptive cluster grow.
        """
        if self._own is not None:
            if self._is_small and self._most is not None:
                self._own.scale(self._most)
                self._is_small = False
            return
        has_room = self._most is None or len(self._known) < self._most
        if has_room and (self._spare is None or self._spare.done()):
            self._spare = self._client.submit(_prepare, pure=False)

    def _shrink(self) -> None:
        """Let processes go after a while without a task."""
        if self._own is None or self._is_small or self._busy:
            return
        if time.monotonic() - self._active_at > SHRINK_SECONDS:
            self._own.scale(1)
            self._is_small = True


class _Stream:
    """The tasks; an error of the stream is kept until the tasks that run have ended."""

    def __init__(self, tasks: Iterator[Task]) -> None:
        self._tasks = tasks
        self.ended = False
        self.failure: BaseException | None = None

    def take(self) -> Task | None:
        """The next task; None at the end."""
        if self.ended:
            return None
        try:
            return next(self._tasks)
        except StopIteration:
            self.ended = True
        except BaseException as error:
            self.ended, self.failure = True, error
        return None


class _Waker:
    """What `Ending` ends: it wakes the pool. Tasks in a cluster run on until their next report."""

    def __init__(self, done: SimpleQueue[tuple[str, Any]]) -> None:
        self._done = done

    def terminate(self, kill_workers: bool = False) -> None:
        """Wake the thread that runs the pool."""
        self._done.put(("", None))


_one_task = threading.Lock()
"""In a process: one task at a time, also where the process has several threads."""


def _prepare() -> str:
    """In a process: import what tasks need; the version of Caviar."""
    _one_thread()
    import caviar.service.worker.objectives  # noqa: F401

    return __version__


@cache
def _one_thread() -> None:
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1)


def _perform(payload: bytes) -> bytes | None:
    """In a process: do the work; return what it returned or raised, pickled, unless it is None."""
    with _one_task:
        _one_thread()
        try:
            work, task, environment = pickle.loads(payload)
            _use(environment)
            notice = work(task)
            return None if notice is None else pickle.dumps(notice)
        except BaseException as error:
            return pickled(error)


def _use(environment: Mapping[str, str]) -> None:
    """Take the variables of the worker; a new key needs new clients."""
    if any(os.environ.get(name) != value for name, value in environment.items()):
        os.environ.update(environment)
        client_of.cache_clear()
