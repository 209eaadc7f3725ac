"""Budgets: how many trials they pay for, and whether the time of a study is over."""

from __future__ import annotations

from sqlalchemy.orm import Session

from service.models import StudyRow
from service.plans import Plan, plan_of
from service.store import rounds, studies
from service.store import trials as trial_rows


def trials(row: StudyRow, plan: Plan) -> int:
    """How many trials the budget pays for, by what is known."""
    return plan.trials if row.affordable is None else row.affordable


def reckon(session: Session, row: StudyRow, plan: Plan) -> None:
    """Reckon anew how many trials a budget of epochs pays for, once all of a round have ended.

    Pruners save more than was expected, or less. What ended trials took depends on nobody's speed,
    so the table stays the same for any workers. Trials that a person has count as if the search had
    them; what came on top of the budget does not count.
    """
    if plan.definition.budget.epochs is not None and _is_between_rounds(session, row, plan):
        row.affordable = affordable(session, row, plan)


def affordable(session: Session, row: StudyRow, plan: Plan) -> int:
    """How many trials the budget pays for as far as is known, at least those that were proposed."""
    budget, left = plan.definition.budget, epochs_left(session, row, plan)
    more = budget.trials if left is None else plan.affordable(left)
    return max(1, row.next_number, min(budget.trials, row.next_number + more))


def epochs_left(session: Session, row: StudyRow, plan: Plan) -> int | None:
    """The epochs that proposed trials leave of the budget, below zero if none; None: no limit."""
    if plan.definition.budget.epochs is None:
        return None
    spent, ended = trial_rows.epochs_of_ended(session, row, most=plan.epochs)
    others = trial_rows.count_searched(session, row) - ended
    coming = plan.pruner.round_epochs(others, epochs=plan.epochs)
    return plan.definition.budget.epochs - spent - coming


def _is_between_rounds(session: Session, row: StudyRow, plan: Plan) -> bool:
    """Whether the newest round is given out, and the next one need not wait for it any more."""
    last = rounds.last(session, row)
    if last is None or row.next_number < min(last.stop, trials(row, plan)):
        return False
    return plan.asynchronous or not trial_rows.any_awaited(session, row)


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
