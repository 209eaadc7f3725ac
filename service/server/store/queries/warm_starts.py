"""Queries on warm starts: the trials that a study took from another one when it was created."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from caviar.service.server.store.models import StudyRow, WarmStartRow


def add(session: Session, study: StudyRow, trials: list[dict[str, Any]]) -> None:
    """Store the trials that a study took, as they are now."""
    session.add(WarmStartRow(study_id=study.id, trials=len(trials), data=trials))


def of(session: Session, study: StudyRow) -> list[dict[str, Any]]:
    """The trials that the study took, in the order in which they were stored."""
    query = select(WarmStartRow.data).where(WarmStartRow.study_id == study.id)
    return session.scalar(query) or []


def count(session: Session, study: StudyRow) -> int:
    """How many trials the study took."""
    query = select(WarmStartRow.trials).where(WarmStartRow.study_id == study.id)
    return session.scalar(query) or 0
