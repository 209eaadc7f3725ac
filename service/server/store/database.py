"""The database: engines, transactions, retries, the clock.

SQLite and PostgreSQL are equals. On SQLite there is one writing connection, `BEGIN IMMEDIATE`,
and read-only readers beside it (WAL); on PostgreSQL writers lock the study's row. Either way
`write` runs a whole transaction and runs it again when the database says that it must.
"""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from caviar.service.contract.errors import CaviarError, Invalid, OutOfSpace, Unavailable
from caviar.service.server.store.rows import Transaction

T = TypeVar("T")

BUSY_SECONDS = 10.0
"""How long a writer waits for another before the caller gets a 503."""

RETRIES = 8
"""How often a transaction that lost a race is run again."""

# PostgreSQL's codes: serialization failure, deadlock, lock not available.
LOST_A_RACE = {"40001", "40P01", "55P03"}
DISK_FULL = "53100"


KNOWN_URLS = "postgresql://user:password@host/name, or sqlite:///path/to/file"


class Clock(Protocol):
    """Seconds since 1970; never runs backwards while the process lives."""

    def __call__(self) -> float: ...


def steady_clock() -> Clock:
    """A clock that starts at the wall's time and then follows the monotonic one.

    Setting the machine's clock therefore neither ends a lease nor makes one last for ever.
    """
    offset = time.time() - time.monotonic()
    return lambda: offset + time.monotonic()


def normalize_url(url: str) -> URL:
    """A database's URL; `postgres://` and `postgresql://` both mean the psycopg driver.

    Raises:
        Invalid: it is no URL of a PostgreSQL database or an SQLite file.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The text may have a password in it, and so may what SQLAlchemy says.
        raise Invalid.field("--database", f"the text is not a URL: {KNOWN_URLS}") from None
    if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return _checked(parsed.set(drivername="postgresql+psycopg"))
    if parsed.drivername == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return _checked(parsed)
    shown = parsed.render_as_string(hide_password=True)
    raise Invalid.field("--database", f"{shown!r} is not known here: {KNOWN_URLS}")


def _checked(url: URL) -> URL:
    """A URL whose options the driver knows; SQLite takes none."""
    if url.drivername == "sqlite":
        if url.query:
            raise Invalid.field("--database", f"an SQLite file has no option {min(url.query)!r}")
        return url
    from psycopg import ProgrammingError
    from psycopg.conninfo import make_conninfo

    try:
        _, options = url.get_dialect()().create_connect_args(url)
        make_conninfo(**{name: value for name, value in options.items() if name != "context"})
    except (ArgumentError, ProgrammingError, TypeError) as error:
        text = str(error).strip()
        raise Invalid.field("--database", f"PostgreSQL does not take the options: {text}") from None
    return url


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite file."""
    return URL.create("sqlite", database=str(path)).render_as_string()


class Waits:
    """How many transactions began to write, and how long they waited for that."""

    def __init__(self) -> None:
        self.count = 0
        self.seconds = 0.0
        self._lock = threading.Lock()

    def note(self, seconds: float) -> None:
        """Count a transaction that begins after so many seconds."""
        with self._lock:
            self.count += 1
            self.seconds += seconds


class Database:
    """Reads and whole-transaction writes on one database."""

    def __init__(
        self, url: str, *, clock: Clock | None = None, datasets: Path | None = None
    ) -> None:
        self.url = normalize_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if datasets is None and self.is_sqlite:
            datasets = Path(str(self.url.database)).absolute().parent / "datasets"
        self.datasets = datasets
        """The folder of the data sets that users add; None: of PostgreSQL, where none was given."""
        self._clock = clock or steady_clock()
        make = _sqlite_engines if self.is_sqlite else _postgres_engines
        self._writer, self._reader = make(self.url)
        self.waits = Waits()

    @property
    def engine(self) -> Engine:
        """The writing engine, for migrations."""
        return self._writer

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A read-only session over one snapshot."""
        with _translated(), Session(self._reader, autoflush=False) as session:
            yield session

    def write(self, work: Callable[[Session], T]) -> T:
        """Run `work` in one transaction and commit; all of it happens, or none.

        When the database reports a lost race, or a connection of the pool turns out to be dead,
        the whole of `work` runs again, so it must have no effect outside its session.
        """
        for attempt in range(RETRIES):
            asked_at = time.perf_counter()
            commits = False
            try:
                with (
                    _translated(),
                    self._writer.begin() as connection,
                    Transaction(connection, expire_on_commit=False) as session,
                ):
                    self.waits.note(time.perf_counter() - asked_at)
                    result = work(session)
                    session.flush()
                    commits = True
                    return result
            except _LostRace:
                time.sleep(random.uniform(0, 0.02 * 2**attempt))
            except _ConnectionLost:
                # Whether a commit that got no answer was done is not known.
                if commits or attempt:
                    raise
                self._writer.dispose()
        raise Unavailable("the database is busy: try again", retry_after=1)

    def now(self, session: Session) -> float:
        """Seconds since 1970: the database's clock on PostgreSQL, the server's own on SQLite."""
        if self.is_sqlite:
            return self._clock()
        if isinstance(session, Transaction) and session.locked_at is not None:
            return session.locked_at
        seconds = session.scalar(text("SELECT extract(epoch FROM clock_timestamp())::float8"))
        return float(seconds or 0.0)

    def describe(self) -> str:
        """What kind of database, and its version."""
        if self.is_sqlite:
            return f"SQLite {sqlite3.sqlite_version}"
        with self.read() as session:
            return f"PostgreSQL {session.scalar(text('SHOW server_version'))}"

    def ping(self) -> None:
        """Raise Unavailable unless the database answers."""
        with self.read() as session:
            session.execute(select(1))

    def close(self) -> None:
        """Close every connection."""
        self._writer.dispose()
        self._reader.dispose()


def _sqlite_engines(url: URL) -> tuple[Engine, Engine]:
    arguments: dict[str, Any] = {
        "connect_args": {
            "timeout": BUSY_SECONDS,
            # The driver must never begin by itself: we say BEGIN.
            "isolation_level": None,
            "check_same_thread": False,
        },
        "pool_timeout": BUSY_SECONDS,
    }
    writer = create_engine(url, pool_size=1, max_overflow=0, **arguments)
    reader = create_engine(url, pool_size=8, max_overflow=8, **arguments)

    def connect_writer(connection: sqlite3.Connection, record: object) -> None:
        _write_ahead(connection)
        for pragma in (
            # In WAL mode NORMAL survives the death of any process; FULL adds power cuts.
            "synchronous = NORMAL",
            "foreign_keys = ON",
            "journal_size_limit = 67108864",
            "cache_size = -65536",
        ):
            connection.execute(f"PRAGMA {pragma}")

    def connect_reader(connection: sqlite3.Connection, record: object) -> None:
        connection.execute("PRAGMA query_only = ON")

    event.listen(writer, "do_connect", _create_private)
    event.listen(writer, "connect", connect_writer)
    event.listen(reader, "connect", connect_reader)
    event.listen(writer, "begin", lambda c: c.exec_driver_sql("BEGIN IMMEDIATE"))
    event.listen(reader, "begin", lambda c: c.exec_driver_sql("BEGIN"))
    return writer, reader


def _create_private(dialect: object, record: object, arguments: list[Any], _: object) -> None:
    """Create the file for its owner alone; SQLite gives the files beside it the same mode."""
    with suppress(OSError):  # it is there already, or SQLite says what is wrong
        os.close(os.open(arguments[0], os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Give the file its write-ahead log, which it keeps.

    Where two do so at once one of them is refused without the wait that any other statement has.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(random.uniform(0, 0.02))


def _postgres_engines(url: URL) -> tuple[Engine, Engine]:
    timeouts = f"-c lock_timeout={int(BUSY_SECONDS * 1000)} -c statement_timeout=60000"
    arguments: dict[str, Any] = {
        "connect_args": {"options": timeouts, "connect_timeout": 5},
        "pool_timeout": BUSY_SECONDS,
        "pool_size": 8,
        "max_overflow": 8,
    }
    # A write runs again on a new connection where its own is dead: it needs no question before.
    writer = create_engine(url, isolation_level="READ COMMITTED", **arguments)
    reader = create_engine(
        url,
        pool_pre_ping=True,
        isolation_level="REPEATABLE READ",
        execution_options={"postgresql_readonly": True},
        **arguments,
    )
    return writer, reader


class _LostRace(Exception):
    """The transaction lost against another one and may be run again."""


class _ConnectionLost(Unavailable):
    """The connection was dead, or died."""


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the drivers' errors into the service's own."""
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable("the database is busy: try again", retry_after=1) from error
    except (OperationalError, InterfaceError) as error:
        raise _from_driver(error) from error
    except IntegrityError as error:
        if "unique" in str(error.orig).lower():
            raise _LostRace(str(error.orig)) from error  # another writer was faster
        raise
    except DBAPIError as error:
        if "not a database" in str(error.orig) or "malformed" in str(error.orig):
            raise Unavailable("the file is not an SQLite database, or it is damaged") from error
        if error.connection_invalidated:
            raise _ConnectionLost("the database is away: try again", retry_after=1) from error
        raise


def _from_driver(error: DBAPIError) -> Exception:
    """What an operational error of SQLite or PostgreSQL means for the caller."""
    message = str(error.orig).lower()
    code = getattr(error.orig, "sqlstate", None)
    if code == DISK_FULL or "disk is full" in message:
        return OutOfSpace("the disk of the database is full: nothing was stored")
    if code in LOST_A_RACE:
        return _LostRace(message)
    if "locked" in message or "busy" in message:
        return Unavailable("the database is locked by another process", retry_after=1)
    kind = _ConnectionLost if error.connection_invalidated else Unavailable
    return kind("the database is away: try again", retry_after=1)


@contextmanager
def connected(database: Database) -> Iterator[Connection]:
    """A writing connection in one transaction, for migrations.

    Raises:
        Unavailable: the database does not answer; says at which address.
    """
    try:
        with _translated(), database.engine.begin() as connection:
            yield connection
    except (Unavailable, _LostRace) as error:
        shown = database.url.render_as_string(hide_password=True)
        raise Unavailable(f"the database at {shown} cannot be used: {error}") from error


__all__ = [
    "CaviarError",
    "Clock",
    "Database",
    "normalize_url",
    "sqlite_url",
    "steady_clock",
]
