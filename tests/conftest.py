"""Fixtures that every room's tests may use: databases, an app, a client.

A test runs on SQLite. One that is marked `both_databases` runs on PostgreSQL as well.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

# Here a server and workers may be threads of one process, whose number of BLAS threads is one.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest

from caviar.service.client import Client
from caviar.service.server.store.database import Database, sqlite_url
from caviar.service.worker import segment
from tests.databases import Databases, Postgres, postgres_server
from tests.fakes.apps import Apps

KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let the tests that are marked `both_databases` run on each of them."""
    marked = metafunc.definition.get_closest_marker("both_databases")
    if marked and "database_kind" in metafunc.fixturenames:
        metafunc.parametrize("database_kind", KINDS, indirect=True, scope="session")


@pytest.fixture(scope="session")
def database_kind(request: pytest.FixtureRequest) -> str:
    """The kind of database: `sqlite`, and `postgresql` where a test runs on both."""
    kind: str = getattr(request, "param", "sqlite")
    return kind


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL server."""
    with postgres_server() as url:
        server = Postgres(url)
        yield server
        server.close()


@pytest.fixture(scope="session")
def databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Databases:
    """What makes databases; PostgreSQL is started when it is needed first."""
    folder = tmp_path_factory.mktemp("template")
    return Databases(folder, lambda: request.getfixturevalue("postgres"))


@pytest.fixture
def empty_database_url(databases: Databases, database_kind: str, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables, for tests of migrations."""
    with databases.new(database_kind, tmp_path, migrated=False) as url:
        yield url


@pytest.fixture
def database(databases: Databases, database_kind: str) -> Iterator[Database]:
    """A migrated database."""
    with databases.in_turn(database_kind) as database:
        yield database


@pytest.fixture
def sqlite(databases: Databases, tmp_path: Path) -> Iterator[Database]:
    """A migrated SQLite database, also where the tests around it run on both databases."""
    databases.copy(tmp_path)
    opened = Database(sqlite_url(tmp_path / "caviar.sqlite"))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def apps() -> Iterator[Apps]:
    """The apps over the databases that tests use in turn: an app takes long to start."""
    with ExitStack() as stack:
        yield Apps(stack)


@pytest.fixture
def client(database: Database, apps: Apps) -> Iterator[Client]:
    """A client of an app over the database."""
    transport = apps.transport(database)
    with Client("http://localhost", transport=transport, patience_seconds=0) as made:
        yield made


@pytest.fixture
def each_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports of networks after every epoch."""
    monkeypatch.setattr(segment, "REPORT_SECONDS", 0.0)
