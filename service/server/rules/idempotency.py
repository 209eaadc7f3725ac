"""A call that carries an Idempotency-Key happens once, however often it is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast

from pydantic import BaseModel
from sqlalchemy.orm import Session

from caviar.service.contract.errors import Conflict
from caviar.service.server import store

T = TypeVar("T")


@dataclass(frozen=True)
class Key:
    """An Idempotency-Key bound to its operation, and the digest of the body sent with it."""

    key: str
    body_digest: str

    @classmethod
    def of(cls, header: str, operation: str, body: bytes) -> Key:
        """The key of one operation (`POST /studies`): the same header elsewhere is another key."""
        return cls(_digest(f"{operation} {header}".encode()), _digest(body))

    def within(self, part: str) -> Key:
        """A key of its own for a part of the call."""
        return Key(_digest(f"{self.key} {part}".encode()), self.body_digest)


def idempotent(
    session: Session,
    key: Key | None,
    answer_type: type[BaseModel],
    now: float,
    work: Callable[[], T],
    *,
    since: float = 0.0,
    still: Callable[[T], bool] = lambda answer: True,
) -> T:
    """Do `work` and store its answer, or return the answer that the key already has.

    Only a result of `answer_type`, which `work` returns when it did something, is stored. A stored
    one is forgotten when it is older than `since`, or does not hold `still`: what it tells of was
    deleted.

    Raises:
        Conflict: the key was used with another body.
    """
    if key is None:
        return work()
    stored = store.answers.find(session, key.key)
    if stored is not None and stored.created_at < since:
        store.answers.forget(session, key.key)
    elif stored is not None:
        if stored.body_digest != key.body_digest:
            raise Conflict("this Idempotency-Key was already used with another body")
        kept = cast(T, answer_type.model_validate(stored.answer))
        if still(kept):
            return kept
        store.answers.forget(session, key.key)
    answer = work()
    if isinstance(answer, answer_type):
        body = answer.model_dump(mode="json")
        store.answers.keep(session, key.key, key.body_digest, body, now)
    return answer


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
