"""Answers kept by Idempotency-Key: a call sent twice happens once and is answered twice."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from sqlalchemy import Table, bindparam, delete, insert, select
from sqlalchemy.orm import Session

from caviar.service.server.store.models import AnswerRow
from caviar.service.server.store.prepared import Prepared

KEEP_SECONDS = 86_400.0
"""How long a key is remembered."""


ANSWERS = cast(Table, AnswerRow.__table__)
OF_KEY = Prepared(
    select(ANSWERS.c.body_digest, ANSWERS.c.answer, ANSWERS.c.created_at).where(
        ANSWERS.c.key == bindparam("key")
    )
)
KEEP = Prepared(insert(ANSWERS))


class Kept(NamedTuple):
    """An answer, the digest of the body that it answers, and when it was given."""

    body_digest: str
    answer: dict[str, Any]
    created_at: float


def find(session: Session, key: str) -> Kept | None:
    """The answer of this key, or None."""
    found = OF_KEY.rows(session.connection(), {"key": key})
    return Kept(*found[0]) if found else None


def keep(session: Session, key: str, digest: str, answer: dict[str, Any], now: float) -> None:
    """Store an answer in the transaction that it is the answer of."""
    row = {"key": key, "body_digest": digest, "answer": answer, "created_at": now}
    KEEP.write(session.connection(), [row])


def forget(session: Session, key: str) -> None:
    """Drop the answer of this key."""
    session.execute(delete(AnswerRow).where(AnswerRow.key == key))


def forget_old(session: Session, now: float) -> None:
    """Drop answers that are older than KEEP_SECONDS."""
    session.execute(delete(AnswerRow).where(AnswerRow.created_at < now - KEEP_SECONDS))
