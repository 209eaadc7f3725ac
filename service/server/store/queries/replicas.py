"""Queries on replicas: trials that train the params of another one again, on a fresh seed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from caviar.service.server.store import rows
from caviar.service.server.store.models import StudyRow, TrialRow
from caviar.service.server.store.queries import trials

PAGE = 100
"""Trials read in one query: most params occur only once."""

MOST_TRIALS = 2_000
"""The best trials among which originals are looked for: they may all have the same params."""

MOST_REPLICAS = 2_000
"""Replicas that readers get."""


def originals(session: Session, study: StudyRow, *, count: int, maximize: bool) -> list[TrialRow]:
    """The best trials whose value is that of their params alone; of equal params the best one.

    They are fewer than `count` if the best MOST_TRIALS have no more params than that.
    """
    order = TrialRow.value.desc() if maximize else TrialRow.value.asc()
    query = (
        trials.OF_STUDY.where(*trials.completed_by_its_params())
        .order_by(order, TrialRow.number)
        .limit(PAGE)
    )
    originals: dict[str, TrialRow] = {}
    for offset in range(0, min(study.next_number, MOST_TRIALS), PAGE):
        page = rows.all_of(session, TrialRow, query.offset(offset), {"study_id": study.id})
        for row in page:
            originals.setdefault(json.dumps(row.params, sort_keys=True), row)
        if len(originals) >= count or len(page) < PAGE:
            break
    return list(originals.values())[:count]


def offsets(session: Session, study: StudyRow, originals: Iterable[int]) -> dict[int, int]:
    """The last seed that each original was trained on again, counted from the study's own."""
    query = (
        select(TrialRow.replica_of, func.max(TrialRow.seed_offset))
        .where(TrialRow.study_id == study.id, TrialRow.replica_of.in_([*originals]))
        .group_by(TrialRow.replica_of)
    )
    return {number: last for number, last in session.execute(query) if number is not None}


def latest(session: Session, study: StudyRow) -> tuple[Sequence[TrialRow], bool]:
    """The replicas of a study, by number, and whether these are all.

    Of more than MOST_REPLICAS they are those of the trials of the highest numbers.
    """
    query = (
        trials.OF_STUDY.where(TrialRow.replica_of.is_not(None))
        .order_by(TrialRow.replica_of.desc())
        .limit(MOST_REPLICAS + 1)
    )
    found = rows.all_of(session, TrialRow, query, {"study_id": study.id})
    kept = sorted(found[:MOST_REPLICAS], key=lambda row: row.number)
    return kept, len(found) <= MOST_REPLICAS
