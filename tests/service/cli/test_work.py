"""`caviar work`: options that are refused before anything is leased."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys

import pytest

from caviar.service.client import Client
from caviar.service.server.store.database import Database
from tests.commands import fails
from tests.factories.functions import study
from tests.fakes.apps import listening
from tests.objectives import reference
from tests.processes import CAVIAR, PATIENCE_SECONDS, group_members, until


@pytest.mark.processes  # a function is tried in a process of its own
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--study", "refused", "--objective", "nowhere.py:train"), "there is no file"),
        (("--study", "refused", "--objective", reference("missing")), "no function 'missing'"),
        (("--objective", reference("number")), "--study: is required with --objective"),
        (("--study", "refused", "--trial-seconds", "3"), "--trial-seconds: requires --objective"),
        (("--study", "refused"), "objective.kind: must be network"),
    ],
)
def test_invalid_options_are_refused_before_anything_is_leased(
    database: Database, arguments: tuple[str, ...], message: str
) -> None:
    with listening(database) as server, Client(server) as client:
        client.create_study(study("refused", trials=3, epochs=1))
        error = fails("work", "--server", server, "--jobs", "1", *arguments)
        assert message in " ".join(error.split())
        assert client.trials("refused") == []


@pytest.mark.processes
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_a_worker_in_order(database: Database, number: int, code: int) -> None:
    """As of a terminal, the signal reaches every process of the worker."""
    with listening(database) as server, Client(server) as client:
        client.create_study(study("ends", trials=4, epochs=10_000))
        command = ("work", "--server", server, "--jobs", "2", "--study", "ends")
        objective = ("--objective", reference("slow"), "--checkpoint-seconds", "0")
        with subprocess.Popen(
            [*CAVIAR, *command, *objective],
            start_new_session=True,
            stderr=subprocess.PIPE,
            text=True,
        ) as worker:
            until(lambda: any(trial.epoch >= 5 for trial in client.trials("ends")))
            if number == signal.SIGINT:
                os.killpg(worker.pid, number)
            else:
                worker.send_signal(number)
            _, printed = worker.communicate(timeout=PATIENCE_SECONDS)
        assert worker.returncode == code
        assert "Traceback" not in printed
        assert "leaked" not in printed
        assert [line for line in printed.splitlines() if " INFO " not in line] == []
        until(lambda: not group_members(worker.pid))
        states = {trial.state for trial in client.trials("ends")}
        assert states == {"waiting"}  # released, not lost


TALKS = """
import os, threading
from caviar.service.cli import work
os.write(0, b"1")
threading.Thread(target=work._end_with_standard_input).start()
print("ready", flush=True)
threading.Event().wait()
"""


@pytest.mark.processes
def test_a_worker_ends_with_a_parent_that_has_not_read_what_it_said() -> None:
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-P", "-c", TALKS]
    with theirs:
        worker = subprocess.Popen(command, stdin=theirs.fileno(), stdout=subprocess.PIPE)
    with worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"ready\n"
        ours.close()  # as when the parent is killed: the connection is reset
        assert worker.wait(PATIENCE_SECONDS) == 1
