"""Queries on replicas: trials that train the params of another one again, on a fresh seed."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from caviar.service.server.store import rows
from caviar.service.server.store.models import StudyRow, TrialRow
from caviar.service.server.store.queries import trials

PAGE = 100
"""Trials read in one query: most params occur only once."""


def originals(session: Session, study: StudyRow, *, count: int, maximize: bool) -> list[TrialRow]:
    """The best trials whose value is that of their params alone; of equal params the best one."""
    order = TrialRow.value.desc() if maximize else TrialRow.value.asc()
    query = (
        trials.OF_STUDY.where(*trials.completed_by_its_params())
        .order_by(order, TrialRow.number)
        .limit(PAGE)
    )
    originals: dict[str, TrialRow] = {}
    for offset in range(0, study.next_number, PAGE):
        page = rows.all_of(session, TrialRow, query.offset(offset), {"study_id": study.id})
        for row in page:
            originals.setdefault(json.dumps(row.params, sort_keys=True), row)
        if len(originals) >= count or len(page) < PAGE:
            break
    return list(originals.values())[:count]


def offsets(session: Session, study: StudyRow) -> dict[int, int]:
    """The last seed that each original was trained on again, counted from the study's own."""
    query = (
        select(TrialRow.replica_of, func.max(TrialRow.seed_offset))
        .where(TrialRow.study_id == study.id, TrialRow.replica_of.is_not(None))
        .group_by(TrialRow.replica_of)
    )
    return {number: last for number, last in session.execute(query) if number is not None}


def all_of(session: Session, study: StudyRow) -> Sequence[TrialRow]:
    """Every replica of a study, by number."""
    query = trials.OF_STUDY.where(TrialRow.replica_of.is_not(None)).order_by(TrialRow.number)
    return rows.all_of(session, TrialRow, query, {"study_id": study.id})
