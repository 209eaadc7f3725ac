"""A process of the pool does not outlive the process that started it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.processes import PATIENCE_SECONDS, is_alive, pool_processes, until

pytestmark = pytest.mark.processes

WORKER = """
import sys
from caviar.engine.pool import run_pool
from tests.engine.test_orphans import linger
run_pool(linger, iter([sys.argv[1]]), jobs=1)
"""


def linger(path: str) -> None:
    """A task that writes its process id to a file and then waits."""
    Path(path).write_text(str(os.getpid()))
    time.sleep(2 * PATIENCE_SECONDS)


@contextmanager
def killed(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process with a pool, killed at the end of the context."""
    parent = subprocess.Popen([sys.executable, "-c", WORKER, str(path)])
    try:
        yield parent
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()


def test_a_pool_process_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    with killed(path):
        until(lambda: path.exists() and path.read_text() != "")
    child = int(path.read_text())
    until(lambda: not is_alive(child))


def test_a_pool_process_ends_if_its_parent_dies_before_the_first_task(tmp_path: Path) -> None:
    path = tmp_path / "pid"
    with killed(path) as parent:
        pool = until(lambda: pool_processes(parent.pid))
    until(lambda: not any(map(is_alive, pool)))
    assert not path.exists()
