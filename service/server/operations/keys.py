"""Keys: made, listed, revoked; sessions of browsers that sign in with one."""

from __future__ import annotations

import hmac
import logging
import secrets
from dataclasses import dataclass

from sqlalchemy.orm import Session

from caviar.service.contract import limits, schemas
from caviar.service.contract.errors import Conflict, NotFound, Unauthenticated
from caviar.service.contract.keys import Scope, digest_of, id_of, new_key
from caviar.service.server import store
from caviar.service.server.rules.presenters.times import optional_timestamp, timestamp
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import KeyRow, SessionRow

SESSION_SECONDS = 7 * 86_400.0
"""How long a browser stays signed in."""

SESSIONS_OF_A_KEY = 20
"""Browsers that are signed in with one key; another one ends the oldest session."""

logger = logging.getLogger("caviar")


def create(database: Database, body: schemas.KeyBody) -> schemas.NewKey:
    """Make a key. The answer is the only place where it can be read.

    Raises:
        Conflict: a usable key has this name, or there are too many keys.
    """

    def work(session: Session) -> schemas.NewKey:
        now = database.now(session)
        if store.keys.named(session, body.name, now):
            raise Conflict(f"a key named {body.name!r} exists: revoke it, or choose another name")
        if store.keys.count(session) >= limits.KEYS:
            store.keys.remove_ended(session, now)
            if store.keys.count(session) >= limits.KEYS:
                raise Conflict(f"there are {limits.KEYS:,} keys, the limit: revoke some")
        key = new_key()
        row = KeyRow(
            id=id_of(key),
            name=body.name,
            digest=digest_of(key),
            scopes=sorted(set(body.scopes), key=list(Scope).index),
            created_at=now,
            expires_at=None if body.expires_seconds is None else now + body.expires_seconds,
        )
        store.keys.add(session, row)
        return schemas.NewKey(**_shown(row, now).model_dump(), key=key)

    made = database.write(work)
    logger.info("key %s (%s) was made: %s", made.id, made.name, ", ".join(made.scopes))
    return made


def list_all(database: Database) -> list[schemas.Key]:
    """All keys, the newest first, with those that cannot be used any more."""
    with database.read() as session:
        now = database.now(session)
        return [_shown(row, now) for row in store.keys.all_of(session)]


def revoke(database: Database, name: str) -> list[schemas.Key]:
    """End a key, named by its id or its name, and the sessions that began with it.

    Raises:
        NotFound: no usable key has this id or name.
    """

    def work(session: Session) -> list[schemas.Key]:
        now = database.now(session)
        rows = store.keys.named(session, name, now)
        if not rows:
            raise NotFound(f"there is no usable key with the id or name {name!r}")
        for row in rows:
            row.revoked_at = now
        store.keys.end_sessions_of(session, [row.id for row in rows])
        return [_shown(row, now) for row in rows]

    ended = database.write(work)
    for key in ended:
        logger.info("key %s (%s) was revoked", key.id, key.name)
    return ended


def clear(database: Database) -> int:
    """Delete all keys: a server on loopback is then open again. How many there were."""
    found = database.write(store.keys.clear)
    logger.info("all %d keys were deleted", found)
    return found


def are_usable(database: Database) -> bool:
    """Whether there is a key that can be used."""
    with database.read() as session:
        return bool(store.keys.usable(session, database.now(session)))


@dataclass(frozen=True)
class SignedIn:
    """A new session of a browser."""

    cookie: str
    session: schemas.Session
    seconds: float
    """How long it lasts."""


def sign_in(database: Database, key: str) -> SignedIn:
    """Begin a session of a browser, which ends with the key at the latest.

    Raises:
        Unauthenticated: the key is unknown, or has expired or was revoked.
    """
    with database.read() as session:  # strangers must not keep the one writer busy
        _usable(session, key, database.now(session))
    cookie = secrets.token_urlsafe(32)

    def work(session: Session) -> SignedIn:
        now = database.now(session)
        row = _usable(session, key, now)
        ends = now + SESSION_SECONDS
        if row.expires_at is not None:
            ends = min(ends, row.expires_at)
        store.keys.add_session(
            session,
            SessionRow(digest=digest_of(cookie), key_id=row.id, created_at=now, expires_at=ends),
            keep=SESSIONS_OF_A_KEY,
        )
        shown = schemas.Session(
            required=True,
            name=row.name,
            scopes=[Scope(scope) for scope in row.scopes],
            expires_at=timestamp(ends),
        )
        return SignedIn(cookie, shown, ends - now)

    return database.write(work)


def sign_out(database: Database, cookie: str) -> None:
    """End the session of a cookie, if there is one."""
    digest = digest_of(cookie)
    with database.read() as session:
        if not store.keys.has_session(session, digest):
            return
    database.write(lambda session: store.keys.end_session(session, digest))


def _usable(session: Session, key: str, now: float) -> KeyRow:
    """The row of a key.

    Raises:
        Unauthenticated: it cannot be used.
    """
    key_id = id_of(key)
    row = None if key_id is None else store.keys.find(session, key_id, now)
    if row is None or not hmac.compare_digest(row.digest, digest_of(key)):
        raise Unauthenticated("this key is unknown, or it has expired or was revoked")
    return row


def _shown(row: KeyRow, now: float) -> schemas.Key:
    has_expired = row.expires_at is not None and row.expires_at <= now
    return schemas.Key(
        id=row.id,
        name=row.name,
        scopes=[Scope(scope) for scope in row.scopes],
        state="revoked" if row.revoked_at is not None else "expired" if has_expired else "usable",
        created_at=timestamp(row.created_at),
        expires_at=optional_timestamp(row.expires_at),
        revoked_at=optional_timestamp(row.revoked_at),
    )
