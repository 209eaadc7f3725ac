"""Tasks for the processes of a pool in the tests. Each task adds lines to a journal file."""

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Task:
    """An action, and the journal that records its start and its end."""

    name: str
    journal: Path
    action: str = "record"
    seconds: float = 0.0


class Unreadable:
    """Can be pickled but not unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return raise_on_reading, ()


class LocalError(Exception):
    """An exception that cannot be unpickled: it requires two arguments and stores one."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first)


def raise_on_reading() -> None:
    raise ImportError("no such module")


def work(task: Task) -> None:
    record(task, "started")
    time.sleep(task.seconds)
    ACTIONS[task.action]()
    record(task, "finished")


def record(task: Task, event: str) -> None:
    with task.journal.open("a") as journal:
        journal.write(
            f"{event} {task.name} {os.getpid()} {os.environ.get('OPENBLAS_NUM_THREADS')}\n"
        )


def read(journal: Path, event: str) -> list[list[str]]:
    """The entries [name, pid, threads] of an event, in order."""
    lines = journal.read_text().splitlines() if journal.exists() else []
    return [entry for kind, *entry in map(str.split, lines) if kind == event]


def exit_at_once() -> None:
    os._exit(3)


def kill_self() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> None:
    raise ValueError("on purpose")


def fail_unreadably() -> None:
    raise LocalError("on", "purpose")


def check_threads() -> None:
    from threadpoolctl import threadpool_info

    assert all(pool["num_threads"] == 1 for pool in threadpool_info()), threadpool_info()


ACTIONS = {
    "record": lambda: None,
    "exit": exit_at_once,
    "kill": kill_self,
    "fail": fail,
    "fail unreadably": fail_unreadably,
    "sys.exit": sys.exit,
    "check threads": check_threads,
}
