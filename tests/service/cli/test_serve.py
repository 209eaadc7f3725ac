"""`caviar serve` as real processes: an empty database, a signal, two servers on one database."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from caviar.service.client import Client
from caviar.service.contract.states import StudyState
from caviar.service.server.operations.database_check import check
from caviar.service.server.store.database import Database
from tests.databases import Databases
from tests.factories.studies import external, network
from tests.fakes.searches import search
from tests.processes import CAVIAR, PATIENCE_SECONDS, process, stopping, wait_until_ready

pytestmark = pytest.mark.processes


@contextmanager
def serving(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server on any free port; the process and the address that it prints."""
    started = subprocess.Popen(
        [*CAVIAR, "serve", "--port", "0", *options],
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with started, stopping(started):  # type: ignore[arg-type]
        assert started.stdout is not None
        line = started.stdout.readline()
        assert line, started.communicate()[1]
        address = re.search(r"http://\S+", line)
        assert address is not None
        wait_until_ready(address[0])
        yield started, address[0]


HALVES = (
    b"",
    b"POST /stu",
    b"POST /studies HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 100\r\n\r\n{",
)


def test_sigterm_ends_a_server_in_order_whatever_is_half_sent(tmp_path: Path) -> None:
    with serving("--data", str(tmp_path)) as (server, address), ExitStack() as stack:
        with Client(address) as client:
            client.create_study(external(trials=3))
        port = int(address.rpartition(":")[2])
        for half in HALVES:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            connection.send(half)
        server.send_signal(signal.SIGTERM)
        _, log = server.communicate(timeout=PATIENCE_SECONDS)
        assert server.returncode == 0
        assert "the database was empty" in log
        assert "Traceback" not in log
    with serving("--data", str(tmp_path)) as (server, address):
        with Client(address) as client:
            assert [study.name for study in client.studies()] == ["outside"]
        server.send_signal(signal.SIGINT)
        assert server.wait(PATIENCE_SECONDS) == 130


@pytest.mark.postgres
def test_two_servers_that_start_at_once_share_a_database(
    databases: Databases, tmp_path: Path
) -> None:
    """Workers of both search a study, beside callers that ask and tell at both at once."""
    with ExitStack() as stack:
        url = stack.enter_context(databases.new("postgresql", tmp_path, migrated=False))
        options = ("--database", url, "--data", str(tmp_path))
        addresses: list[str] = []

        def start() -> None:
            addresses.append(stack.enter_context(serving(*options))[1])

        threads = [threading.Thread(target=start) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        one, two = (stack.enter_context(Client(address)) for address in addresses)
        one.create_study(network("shared", trials=12))
        two.create_study(external("asked", trials=40))
        for name, address in zip("ab", addresses, strict=True):
            worker = ("--name", name, "--jobs", "1", "--study", "shared")
            stack.enter_context(process("work", "--server", address, *worker))
        callers = [threading.Thread(target=search, args=(each, "asked")) for each in (one, two)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        done = two.wait("shared", timeout_seconds=PATIENCE_SECONDS)
        assert done.state == StudyState.COMPLETED
        for study in ("shared", "asked"):
            tables = [[t.model_dump() for t in each.trials(study)] for each in (one, two)]
            assert tables[0] == tables[1]
            assert [trial["number"] for trial in tables[0]] == list(range(len(tables[0])))
        database = Database(url)
        assert check(database) == []
        database.close()
