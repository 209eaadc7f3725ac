"""The embedded worker: it is restarted when it dies, and its trials are reclaimed."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from caviar.service.local import processes
from caviar.service.local.processes import WorkerLost, worker_beside
from tests.processes import children, command_line, free_port, until


@pytest.mark.processes
def test_a_dead_worker_is_reported_at_once_and_when_the_next_one_runs() -> None:
    server = f"http://127.0.0.1:{free_port()}"
    calls: list[list[int]] = []
    with worker_beside(
        server=server, jobs=1, on_death=lambda: calls.append(workers(server))
    ) as end:
        [first] = until(lambda: workers(server))
        os.kill(first, signal.SIGKILL)
        # An ask from before the death may be answered a little after it.
        at_death, later = until(lambda: calls if len(calls) == 2 else [])
        assert at_death == []
        assert later == workers(server) != [first]
        end()
        assert workers(server) == []


@pytest.mark.processes
def test_a_worker_that_dies_at_once_again_and_again_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "RESTART_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(processes, "LATE_SECONDS", 0.0)
    server = f"http://127.0.0.1:{free_port()}"
    wrong = ("--no-such-option",)
    with worker_beside(server=server, jobs=1, options=wrong, on_death=lambda: None) as beside:
        thread = beside.thread
        assert thread is not None
        until(lambda: not thread.is_alive())
        with pytest.raises(WorkerLost, match=r"ended 5 times right after its start.* exit code 2"):
            beside.check()


@pytest.mark.processes
def test_a_worker_that_has_a_trial_is_of_use_however_soon_it_dies() -> None:
    beside = processes.Beside()
    begins = "import os; os.write(0, b'1'); os._exit(3)"
    for command, was_quick in ((begins, False), ("import os; os._exit(3)", True)):
        life = processes._run_once(
            [sys.executable, "-c", command], os.environ, beside, on_start=None
        )
        assert (life.exit_code, life.how, life.was_quick) == (3, "exit code 3", was_quick)


def workers(server: str) -> list[int]:
    """The child processes that work for this server."""
    return [pid for pid in children(os.getpid()) if server in command_line(pid)]
