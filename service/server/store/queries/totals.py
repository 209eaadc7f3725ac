"""Counts over all studies, for metrics."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from caviar.service.contract.states import StudyState
from caviar.service.server.store import rows
from caviar.service.server.store.queries.studies import HIDDEN

TABLE = rows.STUDIES.c


def studies(session: Session) -> dict[str, int]:
    """How many studies are in each state."""
    query = select(TABLE.state, func.count()).group_by(TABLE.state)
    counted = {state: count for state, count in session.execute(query)}  # noqa: C416
    return {str(state): counted.get(state, 0) for state in StudyState}


def trials(session: Session) -> Counter[str]:
    """How many trials are in each state, and how many are void, as their studies count them."""
    total: Counter[str] = Counter()
    for counts in session.execute(select(TABLE.counts).where(TABLE.state != HIDDEN)).scalars():
        total.update(counts)
    return total
