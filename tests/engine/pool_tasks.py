"""What the processes of a pool do in the tests. Each task leaves a line in the file it is given."""

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Task:
    """Something to do, and the journal in which to note that it was begun and done."""

    name: str
    journal: Path
    deed: str = "note"
    seconds: float = 0.0


class Unreadable:
    """Can be pickled but not read back."""

    def __reduce__(self) -> tuple[object, ...]:
        return raise_on_reading, ()


class LocalError(Exception):
    """An exception that cannot be read back: it takes two arguments and keeps one."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first)


def raise_on_reading() -> None:
    raise ImportError("no such thing here")


def work(task: Task) -> None:
    note(task, "begun")
    time.sleep(task.seconds)
    DEEDS[task.deed]()
    note(task, "done")


def note(task: Task, what: str) -> None:
    with task.journal.open("a") as journal:
        journal.write(
            f"{what} {task.name} {os.getpid()} {os.environ.get('OPENBLAS_NUM_THREADS')}\n"
        )


def read(journal: Path, what: str) -> list[list[str]]:
    """The entries [name, pid, threads] of that kind, in order."""
    lines = journal.read_text().splitlines() if journal.exists() else []
    return [entry for kind, *entry in map(str.split, lines) if kind == what]


def exit_at_once() -> None:
    os._exit(3)


def kill_self() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> None:
    raise ValueError("as told")


def fail_oddly() -> None:
    raise LocalError("as", "told")


def check_threads() -> None:
    from threadpoolctl import threadpool_info

    assert all(pool["num_threads"] == 1 for pool in threadpool_info()), threadpool_info()


DEEDS = {
    "note": lambda: None,
    "exit": exit_at_once,
    "kill": kill_self,
    "fail": fail,
    "fail oddly": fail_oddly,
    "sys.exit": sys.exit,
    "check threads": check_threads,
}
