"""Changes a study in one transaction, with its row locked, once per Idempotency-Key."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel
from sqlalchemy.orm import Session

from caviar.service import logs
from caviar.service.server import store
from caviar.service.server.rules.change import Change
from caviar.service.server.rules.idempotency import Key, idempotent
from caviar.service.server.store.database import Database

T = TypeVar("T")

logger = logging.getLogger("caviar")


def change_study(
    database: Database,
    name: str,
    work: Callable[[Change], T],
    *,
    answer: type[BaseModel] | None = None,
    key: Key | None = None,
) -> T:
    """Run `work` on a locked study in one transaction, and return what it returns.

    `work` may run again when the transaction loses a race, so it has no effect outside the session.

    Args:
        database: the database.
        name: the study's name.
        work: changes rows through the Change that it gets; it never commits.
        answer: the type of results that are stored under the key; others are not stored.
        key: with it, the call happens once, and is answered the same each time.

    Raises:
        NotFound: there is no study of this name.
        Conflict: the key was used with another body.
    """
    said: list[tuple[str, dict[str, object]]] = []

    def transaction(session: Session) -> T:
        study = store.studies.lock(session, name)
        change = Change(session, study, database.now(session))
        if answer is None:
            result = work(change)
        else:
            since = study.created_at  # an older answer is of an earlier study of its name
            result = idempotent(session, key, answer, change.now, lambda: work(change), since=since)
        said[:] = change.said
        return result

    result = database.write(transaction)
    for what, about in said:
        logger.info("study %s: %s", name, what, extra=logs.about(study=name, **about))
    return result
