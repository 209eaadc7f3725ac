"""A process of the pool does not outlive the process that started it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.processes import is_alive, pool_processes
from tests.support.waiting import PATIENCE_SECONDS, until

WORKER = """
import sys
from caviar.engine.pool import run_pool
from tests.engine.test_orphans import linger
run_pool(linger, iter([sys.argv[1]]), jobs=1)
"""


def linger(path: str) -> None:
    """A task that tells its process and takes its time."""
    Path(path).write_text(str(os.getpid()))
    time.sleep(2 * PATIENCE_SECONDS)


@contextmanager
def killed(note: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process with a pool, killed at the end of the context."""
    parent = subprocess.Popen([sys.executable, "-c", WORKER, str(note)])
    try:
        yield parent
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()


def test_a_pool_process_ends_when_its_parent_was_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    with killed(note):
        until(lambda: note.exists() and note.read_text() != "")
    child = int(note.read_text())
    until(lambda: not is_alive(child))


def test_a_pool_process_ends_whose_parent_died_while_it_began(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    with killed(note) as parent:
        pool = until(lambda: pool_processes(parent.pid))
    until(lambda: not any(map(is_alive, pool)))
    assert not note.exists()
