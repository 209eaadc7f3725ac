"""Budgets: how many trials they pay for, and whether the time of a study is over."""

from __future__ import annotations

from sqlalchemy.orm import Session

from caviar.service.server.rules.plans import Plan, plan_of
from caviar.service.server.store.models import StudyRow
from caviar.service.server.store.queries import rounds, studies
from caviar.service.server.store.queries import trials as trial_rows


def trials(row: StudyRow, plan: Plan) -> int:
    """How many trials the budget pays for: with epochs, as many as were reckoned last."""
    if plan.definition.budget.epochs is None or row.affordable is None:
        return plan.trials
    return row.affordable


def estimate(session: Session, row: StudyRow, plan: Plan) -> None:
    """Reckon anew how many trials a budget of epochs pays for, once all of a round have ended.

    Pruners save more than was expected, or less. What ended trials took depends on nobody's speed,
    so the table stays the same for any workers. What came on top of the budget does not count.
    """
    epochs = plan.definition.budget.epochs
    if epochs is not None and _is_between_rounds(session, row, plan):
        row.affordable = affordable(session, row, plan, epochs)


def affordable(session: Session, row: StudyRow, plan: Plan, epochs: int) -> int:
    """How many trials the budget pays for with so many epochs, at least those that were proposed.

    Trials that are open and those to come are reckoned as one round.
    """
    spent, still_open = trial_rows.searched(session, row, most=plan.epochs)
    more = max(0, plan.affordable(epochs - spent) - still_open)
    return max(1, row.next_number, min(plan.definition.budget.trials, row.next_number + more))


def epochs_proposed(session: Session, row: StudyRow, plan: Plan) -> int:
    """The epochs that the proposed trials have taken and will take, by what is known."""
    spent, still_open = trial_rows.searched(session, row, most=plan.epochs)
    return spent + plan.pruner.round_epochs(still_open, epochs=plan.epochs)


def _is_between_rounds(session: Session, row: StudyRow, plan: Plan) -> bool:
    """Whether the newest round is given out, and the next one need not wait for it any more."""
    last = rounds.last(session, row)
    if last is None or row.next_number < min(last.stop, trials(row, plan)):
        return False
    return not plan.waits or not trial_rows.any_awaited(session, row)


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
