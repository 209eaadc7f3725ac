"""A process of the pool does not outlive the process that started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.support.processes import is_alive
from tests.support.waiting import until

WORKER = """
import sys
from engine.pool import run_pool
from tests.engine.test_orphans import linger
run_pool(linger, iter([sys.argv[1]]), jobs=1)
"""


def linger(path: str) -> None:
    """A task that tells its process and takes its time."""
    Path(path).write_text(str(os.getpid()))
    time.sleep(600)


def test_a_pool_process_ends_when_its_parent_was_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    parent = subprocess.Popen([sys.executable, "-c", WORKER, str(note)])
    try:
        until(lambda: note.exists() and note.read_text() != "")
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    child = int(note.read_text())
    until(lambda: not is_alive(child))
