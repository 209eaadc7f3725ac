"""A pool of processes: a stream of tasks in, nothing out.

joblib runs the processes. What a task finds out it tells the world by itself, so a process may die
at any time: the pool is rebuilt and goes on, and whoever gave the task out gives it out again.
"""

import logging
import multiprocessing
import os
import pickle
import signal
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any, Generic, TypeVar

from caviar.engine.errors import PoolError

T = TypeVar("T")

MAX_STILLBORN = 3
"""Pools in a row that may break before they finish anything."""

ORPHAN_SECONDS = 0.5
"""How often a process looks whether its parent still lives."""

_logger = logging.getLogger(__name__)


def run_pool(
    work: Callable[[T], object],
    tasks: Iterator[T | None],
    *,
    jobs: int,
    backend: str = "loky",
    on_error: Callable[[BaseException], None] | None = None,
    on_broken: Callable[[], None] | None = None,
) -> None:
    """Do `work(task)` in one of `jobs` processes for every task, until the stream ends.

    `work` is a function of a module, or a partial of one; it and the tasks travel by pickle.

    The next task is taken when a process is free to do it, and no sooner: one at a time, in a
    thread of the pool. While `next(tasks)` waits, the pool notices nothing; so it should wait a
    second at most, and then give None, which means: nothing to do for now, ask again.

    An exception of `work` goes to `on_error` (by default to the log) and stops nothing. When a
    process dies, every task at work is lost, `on_broken` is called and the pool is rebuilt. What
    the stream or a callback raises ends the pool and is raised here; so is PoolError when no pool
    holds at all. Processes run BLAS on one thread. With the backend loky, they are children of this
    process even if `jobs` is 1, so that no task can take it along.
    """
    stream = _Stream(work, tasks, jobs)
    stillborn = 0
    while not stream.ended:
        broken, finished = _run_once(stream, jobs, backend, on_error or _log)
        if broken is None:
            continue
        stillborn = 0 if finished else stillborn + 1
        if stillborn >= MAX_STILLBORN:
            raise PoolError("the processes die before they do anything") from broken
        _logger.warning("the pool is rebuilt, for a process died: %s", broken)
        if on_broken is not None:
            on_broken()
    if stream.failure is not None:
        raise stream.failure


def _run_once(
    stream: "_Stream[T]", jobs: int, backend: str, on_error: Callable[[BaseException], None]
) -> tuple[Exception | None, bool]:
    """Run one pool until the stream ends or the pool breaks: (what broke it, did it finish any)."""
    stream.prime()
    finished = False
    outcomes = None
    parallel = _pool(jobs, backend)
    try:
        while True:
            # No task raises, so what is raised here is the end of the stream or of the pool.
            try:
                outcomes = outcomes or parallel(stream)
                outcome = next(outcomes)
            except StopIteration:
                return None, finished
            except Exception as error:
                return error, finished
            finished = True
            if outcome is not None:
                on_error(pickle.loads(outcome))
    finally:
        if outcomes is not None:
            _close(outcomes)


def _pool(jobs: int, backend: str) -> Any:
    """What turns a stream of tasks into their outcomes, as they end: None or a pickled error."""
    from joblib import Parallel, parallel_config

    options = {"return_as": "generator_unordered", "pre_dispatch": jobs, "batch_size": 1}
    if backend != "loky":
        return Parallel(n_jobs=jobs, backend=backend, **options)
    if jobs == 1:
        return Parallel(n_jobs=jobs, backend=_one_process(), **options)
    with parallel_config(backend=backend, n_jobs=jobs, inner_max_num_threads=1):
        return Parallel(**options)


def _one_process() -> Any:
    """A loky backend of one process: joblib's own does the tasks of one job in the caller."""
    from joblib._parallel_backends import LokyBackend
    from joblib.executor import get_memmapping_executor

    class OneProcess(LokyBackend):  # type: ignore[misc]
        def configure(
            self,
            n_jobs: int = 1,
            parallel: Any = None,
            prefer: object = None,
            require: object = None,
            **options: Any,
        ) -> int:
            self.parallel = parallel
            self._workers = get_memmapping_executor(
                1,
                env=self._prepare_worker_env(n_jobs=1),
                context_id=parallel._id,
                **options,
            )
            # Parallel takes 1 to mean: no processes.
            return 2

    return OneProcess(inner_max_num_threads=1)


def _close(outcomes: Any) -> None:
    """End a pool, whether or not it is done."""
    with warnings.catch_warnings():
        # joblib warns that tasks were done in vain; here none is, for none returns anything.
        warnings.simplefilter("ignore")
        outcomes.close()


class _Stream(Generic[T]):
    """The tasks as joblib takes them.

    joblib takes as many tasks at once as it has processes, when only one of them is free, and holds
    the others back. So this iterator stops after each task, which makes joblib dispatch it, and
    goes on when asked again; two stops in a row are the end. At first, when all processes are free,
    each gets a warm-up.
    """

    def __init__(self, work: Callable[[T], object], tasks: Iterator[T | None], jobs: int) -> None:
        self._work = work
        self._tasks = tasks
        self._jobs = jobs
        self._warm_ups = 0
        self._paused = False
        self.ended = False
        self.failure: BaseException | None = None

    def prime(self) -> None:
        """Get ready for a new pool."""
        self._warm_ups = self._jobs
        self._paused = True

    def __iter__(self) -> "_Stream[T]":
        return self

    def __next__(self) -> Any:
        from joblib import delayed

        if self._warm_ups > 0:
            self._warm_ups -= 1
            return delayed(_warm_up)(pickle.dumps(self._work))
        if not self._paused:
            self._paused = True
            raise StopIteration
        task = self._take()
        self._paused = False
        if task is None:
            return delayed(_rest)()
        # Pickled here, for then what cannot travel is an error of the task and not of the pool.
        try:
            return delayed(_attempt)(pickle.dumps((self._work, task)))
        except Exception as error:
            return delayed(_give_back)(_pickled(error))

    def _take(self) -> T | None:
        """The next task; StopIteration once the stream has ended or failed."""
        if self.ended:
            raise StopIteration
        try:
            return next(self._tasks)
        except StopIteration:
            self.ended = True
            raise
        except BaseException as error:
            self.ended, self.failure = True, error
            raise StopIteration from None


def _warm_up(work: bytes) -> None:
    """In a process: get ready before the first task comes, by importing what the work needs."""
    _settle_in()
    with suppress(Exception):  # the first task that needs it will tell
        pickle.loads(work)


@cache
def _settle_in() -> None:
    """In a process, once: BLAS on one thread, deaf to Ctrl-C, no life as an orphan.

    A process whose parent was killed would finish its task for nobody, and then wait for ever.
    """
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1)
    # Ctrl-C reaches every process of a terminal; what it means is for the parent to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:  # it may have died already: then somebody else is above by now
        threading.Thread(target=_end_as_orphan, args=(parent.pid,), daemon=True).start()


def _end_as_orphan(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(ORPHAN_SECONDS)
    os._exit(1)


def _rest() -> None:
    """In a process: nothing, so that it asks again."""


def _give_back(outcome: bytes) -> bytes:
    """In a process: the outcome of a task that could not even be sent."""
    return outcome


def _attempt(payload: bytes) -> bytes | None:
    """In a process: do the work, and return what it raised, pickled."""
    _settle_in()
    try:
        work, task = pickle.loads(payload)
        work(task)
    except BaseException as error:  # even SystemExit, which would otherwise end the pool
        return _pickled(error)
    return None


def _pickled(error: BaseException) -> bytes:
    """The exception with its traceback as a note; a PoolError in its place if it cannot travel."""
    text = "".join(traceback.format_exception(error))
    error.add_note(text)
    try:
        pickled = pickle.dumps(error)
        pickle.loads(pickled)
    except Exception:
        pickled = pickle.dumps(PoolError(text))
    return pickled


def _log(error: BaseException) -> None:
    _logger.error("a task failed: %s", "".join(traceback.format_exception(error)))
