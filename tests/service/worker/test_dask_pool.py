"""A Dask cluster as the pool of a worker: one of its processes is killed, the table is the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.contract.states import StudyState
from caviar.service.server.store.database import Database
from tests.commands import fails
from tests.factories.studies import network
from tests.fakes.apps import listening
from tests.processes import free_port, process, stopping, until
from tests.tables import curve

pytest.importorskip("distributed")
pytestmark = pytest.mark.processes

TRIALS = 12


def study(name: str) -> dict[str, Any]:
    """Networks that train long enough for a process to be killed meanwhile."""
    made = network(name, trials=TRIALS)
    made["objective"] |= {"dataset": "digits", "epochs": 150}
    return made


@contextmanager
def dask(part: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A scheduler or a process of a cluster."""
    command = [sys.executable, "-P", "-m", f"distributed.cli.dask_{part}", *arguments]
    started = subprocess.Popen(
        [*command, "--no-dashboard"],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with stopping(started):
        yield started


def test_a_killed_process_of_the_cluster_changes_nothing(database: Database) -> None:
    port = free_port()
    cluster = f"tcp://127.0.0.1:{port}"
    with ExitStack() as stack:
        server = stack.enter_context(listening(database))
        client = stack.enter_context(Client(server))
        stack.enter_context(dask("scheduler", "--host", "127.0.0.1", "--port", str(port)))
        alone = ("--nthreads", "1", "--no-nanny")
        workers = [stack.enter_context(dask("worker", cluster, *alone)) for _ in range(2)]
        for name in ("on-dask", "on-loky"):
            client.create_study(study(name))
        command = ("work", "--server", server, "--lease-seconds", "2", "--study")
        joined = stack.enter_context(
            process(*command, "on-dask", "--backend", "dask", "--cluster", cluster)
        )
        until(lambda: sum(t.epoch >= 2 for t in client.trials("on-dask")) == TRIALS)
        os.kill(workers[0].pid, signal.SIGKILL)
        assert joined.wait() == 0
        assert stack.enter_context(process(*command, "on-loky", "--jobs", "2")).wait() == 0
        assert client.study("on-dask").state == StudyState.COMPLETED
        assert {t.attempt for t in client.trials("on-dask")} == {1, 2}
        tables = [
            [(t.number, t.params, t.value, t.metrics) for t in client.trials(name)]
            for name in ("on-dask", "on-loky")
        ]
        assert len(tables[0]) == TRIALS
        assert tables[0] == tables[1]
        for number in range(TRIALS):
            assert curve(client, "on-dask", number) == curve(client, "on-loky", number)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("--cluster", "local"), "--cluster: requires --backend dask"),
        (("--backend", "dask"), "--cluster: is required"),
        (("--backend", "dask", "--cluster", "host"), "--cluster: 'host' is neither"),
        (
            ("--backend", "dask", "--cluster", "tls://h:1", "--cluster-tls", "ca", "cert", "key"),
            "--cluster-tls: ca cannot be read",
        ),
    ],
)
def test_options_of_the_cluster_are_checked(arguments: tuple[str, ...], field: str) -> None:
    assert field in fails("work", "--server", "http://127.0.0.1:9", *arguments)


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caviar.service.worker.dask_pool.CONNECT_SECONDS", 0.2)
    cluster = f"tcp://127.0.0.1:{free_port()}"
    error = fails("work", "--backend", "dask", "--cluster", cluster)
    assert f"no Dask scheduler can be used at {cluster}" in " ".join(error.split())
