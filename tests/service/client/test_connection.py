"""One client for threads, for forked processes, and for processes that it is pickled for."""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import CaviarError, Invalid, Unreachable
from caviar.service.server.app import create_app
from caviar.service.server.store.database import Database, sqlite_url
from tests.databases import Databases
from tests.factories.studies import external
from tests.fakes.apps import listening
from tests.processes import served

NAMES = [f"study-{number}" for number in range(8)]
CALLS = 15


def read(client: Client, name: str) -> bool:
    """Whether each of many answers is that of the study that was asked for."""
    return all(client.study(name).name == name for _ in range(CALLS))


@pytest.fixture
def server(sqlite: Database) -> Iterator[str]:
    """The address of a server in a thread, with eight studies."""
    with listening(sqlite) as server, Client(server) as client:
        for name in NAMES:
            client.create_study(external(name))
        yield server


def test_threads_share_a_client(server: str) -> None:
    with Client(server) as client, ThreadPoolExecutor(8) as threads:
        assert all(threads.map(lambda name: read(client, name), NAMES))
        leased = list(threads.map(lambda _: client.ask(NAMES[0], count=1).trials, range(10)))
    assert sorted(trial.number for trials in leased for trial in trials) == list(range(10))


def test_a_pickled_client_opens_a_connection_of_its_own(server: str, sqlite: Database) -> None:
    with Client(server, patience_seconds=3) as client:
        again = pickle.loads(pickle.dumps(client))
    with again:
        assert (again.server, again.patience_seconds) == (server, 3)
        assert read(again, NAMES[0])
    with (
        Client(transport=httpx.ASGITransport(create_app(sqlite))) as client,
        pytest.raises(TypeError, match="pickled"),
    ):
        pickle.dumps(client)


@pytest.mark.processes
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_forked_processes_use_the_clients_of_their_parent(
    databases: Databases, tmp_path: Path
) -> None:
    databases.copy(tmp_path)
    url = sqlite_url(tmp_path / "caviar.sqlite")
    with served(url) as server, Client(server) as client:
        for name in NAMES:
            client.create_study(external(name))
        children = [in_a_fork(client, name) for name in NAMES[:3]]
        assert read(client, NAMES[3])  # while they read theirs
        assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_an_app_of_the_parent_is_out_of_reach(sqlite: Database) -> None:
    with Client(transport=httpx.ASGITransport(create_app(sqlite))) as client:
        client.health()
        child = os.fork()
        if child == 0:
            try:
                client.health()
            except Unreachable as error:
                client.close()
                os._exit(0 if "caviar up" in str(error) else 1)
            finally:
                os._exit(2)
        assert os.waitpid(child, 0)[1] == 0
        client.health()


def in_a_fork(client: Client, name: str) -> int:
    """Read a study in a forked process, which ends with 0 if all answers were right."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if read(client, name) else 1)
        finally:
            os._exit(2)
    return child


def test_the_address_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAVIAR_SERVER", "http://caviar.example:9000")
    with Client() as client, Client("http://localhost") as other:
        assert (client.server, other.server) == ("http://caviar.example:9000", "http://localhost")


@pytest.mark.parametrize(
    "answer", [httpx.Response(404, text="<h1>no</h1>"), httpx.Response(200, json=["another"])]
)
def test_a_server_of_another_kind_is_named(answer: httpx.Response) -> None:
    transport = httpx.MockTransport(lambda request: answer)
    with (
        Client("http://other", transport=transport) as client,
        pytest.raises(CaviarError, match=r"http://other.* not .*Caviar"),
    ):
        client.study("digits")


@pytest.mark.parametrize("server", [8700, b"http://127.0.0.1"])
def test_what_is_no_text_is_no_address(server: object) -> None:
    with pytest.raises(Invalid, match="is not an address"):
        Client(server)  # type: ignore[arg-type]
