"""The states of a study: what follows from a change of its trials, and who may still change it."""

from __future__ import annotations

from caviar.service.contract.errors import Conflict
from caviar.service.contract.states import StudyState
from caviar.service.server import store
from caviar.service.server.rules import budgets, rungs
from caviar.service.server.rules.change import Change
from caviar.service.server.store.models import StudyRow


def reconcile(change: Change) -> None:
    """Do what follows from a change: decide rungs, and complete a study that has nothing to do.

    A running study is completed once all its trials are proposed and have ended, or once its time
    is over and no trial trains.
    """
    rungs.decide(change)
    session, study = change.session, change.study
    if study.state != StudyState.RUNNING:
        return
    plan = change.plan
    session.flush()
    if budgets.out_of_time(study, plan, change.now):
        done = not store.trials.any_running(session, study)
    else:
        budgets.estimate(session, study, plan)
        all_proposed = study.next_number >= budgets.trials(session, study, plan)
        done = all_proposed and not store.trials.any_open(session, study)
    if done:
        study.state = StudyState.COMPLETED
        change.say(f"completed after {study.next_number} trials")
        budgets.stop_clock(study, change.now)


def end_in_time(change: Change) -> None:
    """Complete a study whose time is over, once no trial trains."""
    is_running = change.study.state == StudyState.RUNNING
    if is_running and not store.trials.any_running(change.session, change.study):
        change.mark()
        reconcile(change)


def reopen(change: Change) -> None:
    """Let a completed study run again: there is more to do.

    Raises:
        Conflict: a person has stopped it, or its time is over.
    """
    study = change.study
    if study.state == StudyState.STOPPED:
        raise Conflict("the study is stopped: create another")
    if budgets.out_of_time(study, change.plan, change.now):
        raise Conflict("the seconds of the study's budget are over: raise them first")
    if study.state == StudyState.COMPLETED:
        study.state = StudyState.RUNNING


def require_open(study: StudyRow) -> None:
    """Refuse to steer a study that has ended.

    Raises:
        Conflict: it was stopped, or has completed.
    """
    if study.state not in (StudyState.RUNNING, StudyState.PAUSED):
        raise Conflict(f"the study is {study.state}: raise its budget, or create another")


def no_room(budget: int, left: int) -> Conflict:
    """The error of a study whose budget, in trials, has no room for more."""
    more = max(left, 0)
    return Conflict(f"the budget pays for {budget} trials, with room for {more} more: raise it")
