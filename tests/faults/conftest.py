"""Servers on each database for the faults, whose every exchange a checker reads afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from caviar.service.client import LEASE_SECONDS, Client
from caviar.service.server.store.database import Database, normalize_url
from tests.databases import Databases
from tests.fakes.clock import age_leases
from tests.faults import tally
from tests.faults.checker import check, read
from tests.faults.proxy import recorded
from tests.faults.standing import integrity, standing
from tests.processes import served


@dataclass(frozen=True)
class Place:
    """A server process, and the database that it is on."""

    kind: str
    server: str
    url: str

    def complaints(self) -> list[str]:
        """What the database says of itself."""
        engine = create_engine(normalize_url(self.url))
        try:
            return integrity(engine)
        finally:
            engine.dispose()

    def age_leases(self) -> None:
        """Let every lease run out, as if no worker had renewed it in time."""
        with closing(Database(self.url)) as database:
            age_leases(database, LEASE_SECONDS)


@pytest.fixture(scope="module")
def place(
    databases: Databases, database_kind: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """A server process on a database of each kind in turn, for all tests of a file."""
    folder = tmp_path_factory.mktemp("served")
    with databases.new(database_kind, folder) as url, served(url) as server:
        yield Place(database_kind, server, url)


@dataclass(frozen=True)
class Watched:
    """A server by an address where every exchange is written down."""

    place: Place
    server: str
    history: Path

    def check(self, name: str, fault: str, times: int = 1) -> None:
        """Let the checker read what became of a study under faults of a kind."""
        with Client(self.place.server) as client:
            last = standing(client, name, self.place.complaints())
        lines = read(self.history)
        assert len(lines) > 10
        assert check(lines, last) == []
        tally.count(fault, self.place.kind, times)


@pytest.fixture
def watched(place: Place, tmp_path: Path) -> Iterator[Watched]:
    """The server of this file, with a history of this test's own."""
    file = tmp_path / "history.jsonl"
    with recorded(place.server, file) as server:
        yield Watched(place, server, file)


@pytest.fixture
def client(watched: Watched) -> Iterator[Client]:
    """A client whose exchanges are written down."""
    with Client(watched.server) as made:
        yield made


HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave to `make faults` what is not the smoke test of its fault.

    The tests of a file stay in one process, since they share a server.
    """
    for item in items:
        if HERE not in item.path.parents:
            continue
        item.add_marker(pytest.mark.xdist_group(item.path.stem))
        smoke = item.get_closest_marker("smoke")
        if smoke is None:
            continue
        assert isinstance(item, pytest.Function)
        if not smoke.kwargs.items() <= item.callspec.params.items():
            item.add_marker(pytest.mark.faults)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where several processes test, tell the one that reports what this one has counted."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["faults"] = [[*key, times] for key, times in tally.done.items()]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add what another process has counted."""
    for fault, kind, times in getattr(node, "workeroutput", {}).get("faults", []):
        tally.count(fault, kind, times)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how often each fault was done."""
    if lines := tally.lines():
        terminalreporter.section("faults after which every invariant held")
        for line in lines:
            terminalreporter.line(line)
