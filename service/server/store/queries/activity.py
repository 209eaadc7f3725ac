"""What workers do: the trials that they hold, and those that they ended lately."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from caviar.service.server.store import rows
from caviar.service.server.store.models import ENDED, IS_LEASED

TRIALS = rows.TRIALS.c
STUDIES = rows.STUDIES.c

MAX_ROWS = 10_000
"""Trials that are read of each kind."""


def leased(session: Session) -> Sequence[Any]:
    """Leased trials that have begun: study, number, worker, epoch, stop_epoch, started_at."""
    query = (
        select(
            STUDIES.name.label("study"),
            TRIALS.number,
            TRIALS.worker,
            TRIALS.epoch,
            TRIALS.stop_epoch,
            TRIALS.started_at,
        )
        .join_from(rows.TRIALS, rows.STUDIES, TRIALS.study_id == STUDIES.id)
        .where(IS_LEASED, TRIALS.prefetched.is_(False))
        .limit(MAX_ROWS)
    )
    return sorted(session.execute(query), key=lambda trial: (trial.study, trial.number))


def ended(session: Session, since: float) -> Sequence[Any]:
    """Trials that ended after a time: worker, epoch, started_at, finished_at; the last ones first.

    Of more than MAX_ROWS, those of the first studies that are read.
    """
    studies = session.execute(select(STUDIES.id).where(STUDIES.finished_at > since)).scalars()
    found: list[Any] = []
    for study_id in studies.all():
        query = (
            select(TRIALS.worker, TRIALS.epoch, TRIALS.started_at, TRIALS.finished_at)
            .where(TRIALS.study_id == study_id, ENDED, TRIALS.finished_at > since)
            .order_by(TRIALS.finished_at.desc())
            .limit(MAX_ROWS - len(found))
        )
        found += session.execute(query).all()
        if len(found) >= MAX_ROWS:
            break
    return found
