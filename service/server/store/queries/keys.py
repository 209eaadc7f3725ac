"""Queries on keys, and on the sessions of browsers that signed in with one."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.orm import Session

from caviar.service.server.store.models import KeyRow, SessionRow


def all_of(session: Session) -> Sequence[KeyRow]:
    """Every key that was ever made, the newest first."""
    return session.scalars(select(KeyRow).order_by(KeyRow.created_at.desc(), KeyRow.id)).all()


def is_any(session: Session) -> bool:
    """Whether a key was ever made, even if none can be used any more."""
    return session.scalar(select(KeyRow.id).limit(1)) is not None


def usable(session: Session, now: float) -> Sequence[KeyRow]:
    """The keys that are neither revoked nor expired."""
    return session.scalars(select(KeyRow).where(_is_usable(now))).all()


def find(session: Session, key_id: str, now: float) -> KeyRow | None:
    """The usable key of this id, or None."""
    return session.scalar(select(KeyRow).where(KeyRow.id == key_id, _is_usable(now)))


def count(session: Session) -> int:
    """How many keys there are, with those that cannot be used any more."""
    return session.scalar(select(func.count()).select_from(KeyRow)) or 0


def named(session: Session, name: str, now: float) -> Sequence[KeyRow]:
    """The usable keys of this id or name, locked against other writers."""
    matches = or_(KeyRow.id == name, KeyRow.name == name)
    query = select(KeyRow).where(matches, _is_usable(now)).with_for_update()
    return session.scalars(query).all()


def add(session: Session, row: KeyRow) -> None:
    """Store a key, in the transaction."""
    session.add(row)
    session.flush()


def remove_ended(session: Session, now: float) -> None:
    """Delete the keys that cannot be used any more, but for the newest key of all."""
    newest = select(KeyRow.id).order_by(KeyRow.created_at.desc(), KeyRow.id).limit(1)
    session.execute(delete(KeyRow).where(~_is_usable(now), KeyRow.id != newest.scalar_subquery()))


def clear(session: Session) -> int:
    """Delete all keys, with their sessions; how many keys there were."""
    found = count(session)
    session.execute(delete(SessionRow))
    session.execute(delete(KeyRow))
    return found


def sessions(session: Session, now: float) -> Sequence[SessionRow]:
    """The sessions that have not expired; their keys may have."""
    return session.scalars(select(SessionRow).where(SessionRow.expires_at > now)).all()


def add_session(session: Session, row: SessionRow, *, keep: int) -> None:
    """Store a session; of its key's others the newest are kept, and no expired one of any key."""
    session.execute(delete(SessionRow).where(SessionRow.expires_at <= row.created_at))
    older = (
        select(SessionRow.digest)
        .where(SessionRow.key_id == row.key_id)
        .order_by(SessionRow.created_at.desc(), SessionRow.digest)
        .offset(keep - 1)
    )
    surplus = session.scalars(older).all()
    session.execute(delete(SessionRow).where(SessionRow.digest.in_(surplus)))
    session.add(row)


def has_session(session: Session, digest: str) -> bool:
    """Whether there is this session, even if it has expired."""
    return session.get(SessionRow, digest) is not None


def end_session(session: Session, digest: str) -> None:
    """Delete a session."""
    session.execute(delete(SessionRow).where(SessionRow.digest == digest))


def end_sessions_of(session: Session, key_ids: Sequence[str]) -> None:
    """Delete the sessions of keys that end."""
    session.execute(delete(SessionRow).where(SessionRow.key_id.in_(key_ids)))


def _is_usable(now: float) -> ColumnElement[bool]:
    return KeyRow.revoked_at.is_(None) & (KeyRow.expires_at.is_(None) | (KeyRow.expires_at > now))
