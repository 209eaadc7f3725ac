"""Answers kept by Idempotency-Key: a call sent twice happens once and is answered twice."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from caviar.service.server.store.models import AnswerRow

KEEP_SECONDS = 86_400.0
"""How long a key is remembered."""


def find(session: Session, key: str) -> AnswerRow | None:
    """The answer of this key, or None."""
    return session.scalar(select(AnswerRow).where(AnswerRow.key == key))


def keep(session: Session, key: str, digest: str, answer: dict[str, Any], now: float) -> None:
    """Store an answer in the transaction that it is the answer of."""
    session.add(AnswerRow(key=key, body_digest=digest, answer=answer, created_at=now))


def forget_old(session: Session, now: float) -> None:
    """Drop answers that are older than KEEP_SECONDS."""
    session.execute(delete(AnswerRow).where(AnswerRow.created_at < now - KEEP_SECONDS))
