"""The embedded worker: it is restarted when it dies, and its trials are reclaimed."""

from __future__ import annotations

import os
import signal

import pytest

from caviar.service.local.processes import worker_beside
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


def workers(server: str) -> list[int]:
    """The child processes that work for this server."""
    return [pid for pid in children(os.getpid()) if server in command_line(pid)]
