"""Asynchronous transports under the synchronous client: an app without a network."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from caviar.service.client import Client
from caviar.service.client.in_process import AppTransport
from caviar.service.contract.errors import CaviarError, Conflict
from caviar.service.server.app import create_app
from caviar.service.server.store import schema
from caviar.service.server.store.database import Database, sqlite_url
from tests.databases import Databases
from tests.factories.studies import external
from tests.fakes.clock import age_leases
from tests.processes import PATIENCE_SECONDS, until

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def test_a_client_of_an_app_is_all_that_is_needed(sqlite: Database) -> None:
    transport = httpx.ASGITransport(create_app(sqlite, reap_seconds=0.01))
    with Client(transport=transport) as client:
        client.create_study(external(trials=2))
        client.ask("outside", count=1, lease_seconds=10)
        age_leases(sqlite, 11)
        # The app's lifespan is run: its reaper expires leases.
        until(lambda: client.trial("outside", 0).state == "waiting")
    with pytest.raises(RuntimeError, match="closed"):
        client.health()


def test_an_app_that_does_not_start_says_why(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "empty.sqlite"))
    with pytest.raises(Conflict, match="caviar db upgrade"):
        Client(transport=httpx.ASGITransport(create_app(database)))
    schema.upgrade(database)
    with Client(transport=AppTransport(create_app(database))) as client:
        assert list(client.studies()) == []
    database.close()


def test_an_app_without_a_lifespan_is_called() -> None:
    async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        body = gzip.compress((await receive())["body"] + b", again")
        headers = [(b"content-encoding", b"gzip")]
        await send({"type": "http.response.start", "status": 203, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    with httpx.Client(transport=AppTransport(app), base_url="http://app") as client:
        answer = client.post("/", content=b"hello")
        assert (answer.status_code, answer.text) == (203, "hello, again")


def test_an_app_whose_own_code_fails_is_answered_as_over_a_network(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(sqlite, "ping", fail)
    with (
        Client(transport=AppTransport(create_app(sqlite))) as client,
        pytest.raises(CaviarError, match="internal server error"),
    ):
        client._send("GET", "/ready")


FORGETFUL = """
import httpx, sys
from caviar.service.client import Client
from caviar.service.server.app import create_app
from caviar.service.server.store.database import Database, sqlite_url

client = Client(transport=httpx.ASGITransport(create_app(Database(sqlite_url(sys.argv[1])))))
print(client.health().status)
"""


@pytest.mark.processes
def test_a_process_ends_though_its_client_was_not_closed(
    databases: Databases, tmp_path: Path
) -> None:
    databases.copy(tmp_path)
    done = subprocess.run(
        [sys.executable, "-P", "-c", FORGETFUL, str(tmp_path / "caviar.sqlite")],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("ok\n", "", 0)
