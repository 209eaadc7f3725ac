"""Queries of exports: every trial, in steps that hold nothing for long."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from caviar.service.server.store import rows
from caviar.service.server.store.models import StudyRow, TrialRow
from caviar.service.server.store.queries import trials

PAGE = trials.OF_STUDY.where(
    trials.TABLE.number >= bindparam("first"), trials.TABLE.number < bindparam("stop")
).order_by(trials.TABLE.number)

SQLITE_KEYS = """
SELECT DISTINCT key FROM trials, json_each(trials.{column})
WHERE study_id = :study_id AND number >= :first AND number < :stop
"""
"""The database reads the JSON. PostgreSQL can, too, but not if a text has a zero character."""

SQLITE = {name: text(SQLITE_KEYS.format(column=name)) for name in ("params", "metrics")}
PLAIN = {name: PAGE.with_only_columns(trials.TABLE[name]) for name in SQLITE}


def between(session: Session, study: StudyRow, first: int, stop: int) -> Sequence[TrialRow]:
    """The trials from one number to before another, in order."""
    values = {"study_id": study.id, "first": first, "stop": stop}
    return rows.all_of(session, TrialRow, PAGE, values)


def names(session: Session, study: StudyRow, column: str, first: int, stop: int) -> set[str]:
    """The names in the params or metrics of those trials.

    Args:
        session: the session.
        study: the study.
        column: "params" or "metrics".
        first: the first number.
        stop: the number after the last.
    """
    values = {"study_id": study.id, "first": first, "stop": stop}
    if session.connection().dialect.name == "sqlite":
        return {name for (name,) in session.execute(SQLITE[column], values)}
    return {name for (found,) in session.execute(PLAIN[column], values) for name in found}
