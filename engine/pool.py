"""A pool of processes that performs a stream of tasks and returns no results.

joblib runs the processes. A task stores or sends its results itself, so a process may end at any
time: the pool is rebuilt and continues, and the caller must issue the lost tasks again. What a task
returns is a notice, for a log: nothing may depend on it.
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
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, Generic, TypeVar

from caviar.engine.errors import PoolError

T = TypeVar("T")

MAX_FAILED_POOLS = 3
"""The number of pools in a row that may break before they finish a task."""

PARENT_CHECK_SECONDS = 0.5
"""The interval at which a process checks whether its parent is alive."""

SAFE_PATH = {"PYTHONSAFEPATH": "1"}
"""The environment of new processes. loky starts them with `python -m` and `python -c`, which would
otherwise import from the current folder first, so that a file `numpy.py` there would break them."""

QUIET_TRACKER = "ignore:resource_tracker:UserWarning"
"""The trackers remove the semaphores of processes that were killed, and need not warn of it."""

_logger = logging.getLogger(__name__)


class Ending:
    """Ends a pool from another thread than the one that runs it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._executor: Any = None
        self.is_now = False

    def now(self) -> None:
        """Kill the processes of the pool: `run_pool` returns."""
        with self._lock:
            self.is_now = True
            if self._executor is not None:
                self._executor.terminate(kill_workers=True)

    def note(self, executor: Any) -> None:
        """Note what runs the processes from now on."""
        with self._lock:
            self._executor = executor
            if self.is_now:
                executor.terminate(kill_workers=True)

    def shut_down(self) -> None:
        """Let the processes end, which are idle, and wait for them.

        At the end of the interpreter it would be too late: new threads cannot start there.
        """
        with self._lock:
            if self._executor is not None:
                self._executor.terminate()
                self._executor = None


def run_pool(
    work: Callable[[T], object],
    tasks: Iterator[T | None],
    *,
    jobs: int,
    backend: str = "loky",
    on_error: Callable[[BaseException], None] | None = None,
    on_broken: Callable[[], None] | None = None,
    on_notice: Callable[[Any], None] | None = None,
    ending: Ending | None = None,
) -> None:
    """Call `work(task)` in one of `jobs` processes for every task, until the stream ends.

    `work` is a function of a module or a partial of one; it and the tasks are pickled.

    The next task is taken only when a process is free: one at a time, in a thread of the pool.
    While `next(tasks)` waits, the pool notices nothing, so it should wait for a second at most and
    then return None, which means that there is no task now.

    An exception of `work` is passed to `on_error`, by default to the log, and the pool continues.
    What `work` returns is passed to `on_notice`, unless it is None. When a process dies, all tasks
    in progress are lost, `on_broken` is called and the pool is rebuilt, unless `ending` says that
    it is over. Processes run BLAS on one thread, and have ended when this function returns. With
    the backend loky they are children of this process even if `jobs` is 1, so that a task cannot
    end this process, and they do not import modules from the current folder unless it is on this
    process's sys.path.

    Raises what the stream or a callback raises, which ends the pool, and PoolError if the processes
    of several pools in a row die before they finish a task.
    """
    stream = _Stream(work, tasks, jobs)
    ending = ending or Ending()

    def receive(outcome: bytes) -> None:
        told = pickle.loads(outcome)
        if isinstance(told, BaseException):
            (on_error or _log)(told)
        elif on_notice is not None:
            on_notice(told)

    failed_pools = 0
    try:
        while not (stream.ended or ending.is_now):
            broken, finished = _run_once(stream, _parallel(jobs, backend, ending), receive)
            if broken is None or ending.is_now:
                continue
            failed_pools = 0 if finished else failed_pools + 1
            if failed_pools >= MAX_FAILED_POOLS:
                raise PoolError("the processes die before they finish a task") from broken
            _logger.warning("a process died, the pool is rebuilt: %s", broken)
            if on_broken is not None:
                on_broken()
    finally:
        ending.shut_down()
    if stream.failure is not None:
        raise stream.failure


def _run_once(
    stream: "_Stream[T]", parallel: Any, receive: Callable[[bytes], None]
) -> tuple[Exception | None, bool]:
    """Run one pool until the stream ends or the pool breaks.

    Returns the error that broke the pool, if any, and whether a task was finished.
    """
    stream.prime()
    finished = False
    outcomes = None
    try:
        while True:
            # Tasks do not raise, so an exception here is the end of the stream or of the pool.
            try:
                outcomes = outcomes or parallel(stream)
                outcome = next(outcomes)
            except StopIteration:
                return None, finished
            except Exception as error:
                return error, finished
            finished = True
            if outcome is not None:
                receive(outcome)
    finally:
        if outcomes is not None:
            _close(outcomes)


def _parallel(jobs: int, backend: str, ending: Ending) -> Any:
    """A joblib.Parallel that yields outcomes as tasks end: None, or a pickled error or notice."""
    from joblib import Parallel

    options = {"return_as": "generator_unordered", "pre_dispatch": jobs, "batch_size": 1}
    chosen = _loky_backend(ending) if backend == "loky" else backend
    return Parallel(n_jobs=jobs, backend=chosen, **options)


def _loky_backend(ending: Ending) -> Any:
    """The loky backend of joblib, with a process even for one job, and safe starts of processes."""
    from joblib._parallel_backends import LokyBackend
    from joblib.executor import get_memmapping_executor

    class SafeLokyBackend(LokyBackend):  # type: ignore[misc]
        def configure(
            self,
            n_jobs: int = 1,
            parallel: Any = None,
            prefer: object = None,
            require: object = None,
            **options: Any,
        ) -> int:
            _start_resource_trackers()
            jobs: int = 2  # Parallel takes 1 to mean that there are no processes
            with _ctrl_c_blocked():
                if n_jobs == 1:
                    self.parallel = parallel
                    self._workers = get_memmapping_executor(
                        1,
                        env=self._prepare_worker_env(n_jobs=1),
                        context_id=parallel._id,
                        **options,
                    )
                else:
                    jobs = super().configure(n_jobs, parallel, prefer, require, **options)
            ending.note(self._workers)
            return jobs

        def submit(self, func: Any, callback: Any = None) -> Any:
            with _ctrl_c_blocked():  # processes may start here
                return super().submit(func, callback)

        def _prepare_worker_env(self, n_jobs: int) -> dict[str, str]:
            environment: dict[str, str] = super()._prepare_worker_env(n_jobs)
            return {**environment, **SAFE_PATH}

    return SafeLokyBackend(inner_max_num_threads=1)


@contextmanager
def _ctrl_c_blocked() -> Iterator[None]:
    """Start processes that do not see Ctrl-C until they ignore it.

    While they import, they would print a traceback. A Ctrl-C meanwhile reaches this process by
    another thread, or afterwards.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_resource_trackers() -> None:
    """Start the resource trackers of multiprocessing and loky, unless they run: safe and quiet.

    They are processes that loky otherwise starts itself, with the environment of this process.
    """
    from multiprocessing import resource_tracker

    from joblib.externals.loky.backend import resource_tracker as loky_resource_tracker

    filters = filter(None, (os.environ.get("PYTHONWARNINGS"), QUIET_TRACKER))
    theirs = {**SAFE_PATH, "PYTHONWARNINGS": ",".join(filters)}
    previous = {name: os.environ.get(name) for name in theirs}
    os.environ.update(theirs)
    try:
        resource_tracker.ensure_running()
        loky_resource_tracker.ensure_running()
    finally:
        for name, value in previous.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _close(outcomes: Any) -> None:
    """End a pool, whether or not its tasks are finished."""
    with warnings.catch_warnings():
        # joblib warns that results are discarded; here tasks return none.
        warnings.simplefilter("ignore")
        outcomes.close()


class _Stream(Generic[T]):
    """The tasks as an iterator for joblib.

    When one process is free, joblib takes as many tasks as there are processes, and keeps the
    others waiting. So this iterator stops after each task, upon which joblib dispatches it, and
    continues when asked again; two stops in a row are the end. At first, when all processes are
    free, each gets a warm-up.
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
        """Prepare for a new pool."""
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
            return delayed(_no_task)()
        # Pickled here, so that a task that cannot be pickled does not break the pool.
        try:
            return delayed(_run_task)(pickle.dumps((self._work, task)))
        except Exception as error:
            return delayed(_return_outcome)(pickled(error))

    def _take(self) -> T | None:
        """The next task. Raises StopIteration once the stream has ended or failed."""
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
    """In a process: prepare for the first task by importing what the work needs."""
    _initialize_process()
    with suppress(Exception):  # the first task reports the error
        pickle.loads(work)


@cache
def _initialize_process() -> None:
    """In a process, once: limit BLAS to one thread, ignore Ctrl-C, end with the parent.

    Otherwise a process whose parent was killed would finish its task in vain and then wait forever.
    """
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1)
    # Ctrl-C reaches every process of a terminal; only the parent reacts to it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    parent = multiprocessing.parent_process()
    # Not os.getppid(): if the parent has died already, that is another process.
    if parent is not None:
        threading.Thread(target=_end_with_parent, args=(parent.pid,), daemon=True).start()


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_CHECK_SECONDS)
    os._exit(1)


def _no_task() -> None:
    """In a process: do nothing, so that it asks again."""


def _return_outcome(outcome: bytes) -> bytes:
    """In a process: return the outcome of a task that could not be sent."""
    return outcome


def _run_task(payload: bytes) -> bytes | None:
    """In a process: do the work; return what it returned or raised, pickled, unless it is None."""
    _initialize_process()
    try:
        work, task = pickle.loads(payload)
        notice = work(task)
        return None if notice is None else pickle.dumps(notice)
    except BaseException as error:  # also SystemExit, which would end the process
        return pickled(error)


def pickled(error: BaseException) -> bytes:
    """The exception with its traceback as a note, pickled; a PoolError if it cannot be."""
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
