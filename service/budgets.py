"""Budgets: the time that a study has run, and whether it is over."""

from __future__ import annotations

from sqlalchemy.orm import Session

from service.models import StudyRow
from service.plans import Plan, plan_of
from service.store import studies


def seconds_spent(row: StudyRow, now: float) -> float:
    """For how long the study has run, without the times that it was paused or done."""
    running = 0.0 if row.running_since is None else now - row.running_since
    return row.seconds_spent + max(0.0, running)


def out_of_time(row: StudyRow, plan: Plan, now: float) -> bool:
    """Whether its seconds are over."""
    limit = plan.definition.budget.seconds
    return limit is not None and seconds_spent(row, now) >= limit


def over(session: Session, now: float) -> list[str]:
    """Names of the studies that run and whose seconds are over."""
    return [
        row.name
        for row in studies.on_the_clock(session)
        if out_of_time(row, plan_of(row.definition), now)
    ]


def start_clock(row: StudyRow, now: float) -> None:
    """The study runs from now on, if it did not before."""
    if row.running_since is None:
        row.running_since = now


def stop_clock(row: StudyRow, now: float) -> None:
    """The study runs no more."""
    row.seconds_spent = seconds_spent(row, now)
    row.running_since = None
