"""The keys of the database in memory, so that a call is checked without reading the database."""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from caviar.service.contract.errors import Unavailable
from caviar.service.contract.keys import Scope, digest_of, id_of
from caviar.service.server import store
from caviar.service.server.rules.presenters.times import timestamp
from caviar.service.server.store.database import Database

FRESH_SECONDS = 1.0
"""For how long what was read counts, before one call reads again and others go on meanwhile."""

STALE_SECONDS = 2.0
"""After which time no call goes on with what was read before: a revoked key has ended by then."""

UNKNOWN_SECONDS = 0.2
"""How often, at most, calls with unknown keys let the database be read: one may be new."""


@dataclass(frozen=True)
class Caller:
    """Who calls, and what they may do."""

    name: str | None
    """The name of their key; None: no key is required."""
    scopes: frozenset[Scope]
    session_ends: str | None = None
    """When the session of their browser ends, if they called with one."""

    def may(self, scope: Scope) -> bool:
        """Whether they may do what needs a scope."""
        return scope in self.scopes or Scope.ADMIN in self.scopes


ANYONE = Caller(None, frozenset(Scope) - {Scope.ADMIN})
"""A caller of a server without keys: they may do everything but make the first key."""


@dataclass(frozen=True)
class View:
    """The keys as they were at one moment."""

    is_any: bool = True
    digests: Mapping[str, tuple[str, Caller]] = field(default_factory=dict)
    """By id of a usable key: its digest, and who has it."""
    sessions: Mapping[str, Caller] = field(default_factory=dict)
    """By digest of the cookie."""


class Keyring:
    """The keys of a database, read again once a second while there are calls.

    Args:
        database: the database.
        is_open: whether a server without any key is open to every caller.
        own_key: a key of this process, which is in no database and may do everything.
        clock: seconds that never run backwards.
    """

    def __init__(
        self,
        database: Database,
        *,
        is_open: bool = True,
        own_key: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._is_open = is_open
        self._own_digest = None if own_key is None else digest_of(own_key)
        self._clock = clock
        self._lock = threading.Lock()
        self._view = View()
        self._read_at = -float("inf")
        self._failure: tuple[float, Unavailable] | None = None

    @property
    def needs_reading(self) -> bool:
        """Whether the call at hand must `read` before it asks."""
        age = self._clock() - self._read_at
        return age > FRESH_SECONDS and (age > STALE_SECONDS or not self._lock.locked())

    @property
    def requires_keys(self) -> bool:
        """Whether a caller without a key is refused."""
        return self._view.is_any or not self._is_open

    def read(self, *, since: float | None = None) -> None:
        """Read the keys, unless another thread has done so since then.

        Raises:
            Unavailable: the database does not answer.
        """
        wanted = self._clock() - FRESH_SECONDS if since is None else since
        with self._lock:
            if self._read_at >= wanted:
                return
            begun_at = self._clock()
            if self._failure is not None and begun_at - self._failure[0] < FRESH_SECONDS:
                raise self._failure[1]  # callers must not queue up to wait for it one by one
            try:
                self._view = self._look()
            except Unavailable as error:
                self._failure = self._clock(), error
                raise
            self._failure = None
            self._read_at = begun_at

    def forget(self) -> None:
        """Let the next call read: keys have just changed here."""
        self._read_at = -float("inf")

    def wait_seconds(self) -> tuple[float, float]:
        """How long a call with an unknown key waits before it reads, and since when it wants to."""
        now = self._clock()
        return max(0.0, self._read_at + UNKNOWN_SECONDS - now), now

    def by_key(self, key: str) -> Caller | None:
        """Who has a key; None if it cannot be used."""
        digest = digest_of(key)
        if self._own_digest is not None and hmac.compare_digest(self._own_digest, digest):
            return Caller("this process", frozenset(Scope))
        known = self._view.digests.get(id_of(key) or "")
        if known is None or not hmac.compare_digest(known[0], digest):
            return None
        return known[1]

    def by_cookie(self, cookie: str) -> Caller | None:
        """Who has a session; None if it has ended."""
        return self._view.sessions.get(digest_of(cookie))

    def _look(self) -> View:
        with self._database.read() as session:
            if not store.keys.is_any(session):
                return View(is_any=False)
            now = self._database.now(session)
            digests = {
                row.id: (row.digest, Caller(row.name, frozenset(map(Scope, row.scopes))))
                for row in store.keys.usable(session, now)
            }
            sessions = {
                row.digest: replace(digests[row.key_id][1], session_ends=timestamp(row.expires_at))
                for row in store.keys.sessions(session, now)
                if row.key_id in digests
            }
            return View(digests=digests, sessions=sessions)
