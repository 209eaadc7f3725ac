"""Budgets: how many trials they pay for, and whether the time of a study is over.

A study of a finite space that has fewer settings than its budget pays for ends when each was tried.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from caviar.service.server import store
from caviar.service.server.rules.plans import Plan, plan_of
from caviar.service.server.store.models import StudyRow


def trials(session: Session, study: StudyRow, plan: Plan) -> int:
    """How many trials the study will have: as many as are paid for, or as its space has settings.

    A finite space has as many as its last round says: those up to its end, and those left then.
    """
    most = paid(study, plan)
    if plan.settings is None:
        return most
    last = store.rounds.last(session, study)
    if last is None:
        return min(most, plan.settings)
    left = last.settings_left
    return most if left is None else min(most, last.stop + left)


def paid(study: StudyRow, plan: Plan) -> int:
    """How many trials the budget pays for; with a budget of epochs, by the last estimate."""
    if plan.definition.budget.epochs is None or study.affordable is None:
        return plan.trials
    return study.affordable


def estimate(session: Session, study: StudyRow, plan: Plan) -> None:
    """Estimate again how many trials a budget of epochs pays for, once a round has ended.

    Pruners save more than was expected, or less. What ended trials took does not depend on the
    speed of workers, so the table stays the same for any number of them. Trials on top of the
    budget do not count.
    """
    epochs = plan.definition.budget.epochs
    if epochs is not None and _is_between_rounds(session, study, plan):
        study.affordable = affordable(session, study, plan, epochs)


def affordable(session: Session, study: StudyRow, plan: Plan, epochs: int) -> int:
    """How many trials a budget of so many epochs pays for, at least those already proposed.

    Open trials and those to come are estimated as one round.
    """
    spent, still_open = store.trials.searched(session, study, most=plan.epochs)
    more = max(0, plan.affordable(epochs - spent) - still_open)
    return max(1, study.next_number, min(plan.definition.budget.trials, study.next_number + more))


def epochs_proposed(session: Session, study: StudyRow, plan: Plan) -> int:
    """The epochs that the proposed trials have taken and are expected to take."""
    spent, still_open = store.trials.searched(session, study, most=plan.epochs)
    return spent + plan.pruner.round_epochs(still_open, epochs=plan.epochs)


def _is_between_rounds(session: Session, study: StudyRow, plan: Plan) -> bool:
    """Whether all of the newest round is proposed, and the next one need not wait for it."""
    last = store.rounds.last(session, study)
    if last is None or study.next_number < min(last.stop, trials(session, study, plan)):
        return False
    return not plan.waits or not store.trials.any_awaited(session, study)


def seconds_spent(study: StudyRow, now: float) -> float:
    """For how long the study has run, without the times that it was paused or completed."""
    running = 0.0 if study.running_since is None else now - study.running_since
    return study.seconds_spent + max(0.0, running)


def out_of_time(study: StudyRow, plan: Plan, now: float) -> bool:
    """Whether the seconds of its budget are over."""
    limit = plan.definition.budget.seconds
    return limit is not None and seconds_spent(study, now) >= limit


def studies_out_of_time(session: Session, now: float) -> list[str]:
    """Names of the running studies whose seconds are over."""
    return [
        study.name
        for study in store.studies.on_the_clock(session)
        if out_of_time(study, plan_of(study.definition), now)
    ]


def start_clock(study: StudyRow, now: float) -> None:
    """Count the study's time from now on, unless it is counted already."""
    if study.running_since is None:
        study.running_since = now


def stop_clock(study: StudyRow, now: float) -> None:
    """Stop counting the study's time."""
    study.seconds_spent = seconds_spent(study, now)
    study.running_since = None
