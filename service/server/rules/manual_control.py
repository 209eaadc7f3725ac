"""Manual control: a trial that a person has acted on belongs to the person, not to the search."""

from __future__ import annotations

from caviar.service.contract.errors import Conflict
from caviar.service.contract.states import RequestedState, TrialState
from caviar.service.server import store
from caviar.service.server.rules import rungs, trial_states
from caviar.service.server.rules.change import Change
from caviar.service.server.store.models import TrialRow


def take(change: Change, trial: TrialRow) -> None:
    """Put a trial under manual control: it waits at no rung, and trains to its end."""
    store.rungs.withdraw(change.session, change.study, trial.number)
    if trial.state == TrialState.PAUSED and not trial.manual:
        trial.reason = "waits for a person"
    trial.manual = True
    is_idle = trial.state in (TrialState.WAITING, TrialState.PAUSED)
    if is_idle and trial.requested_state is None:
        trial.stop_epoch = trial.last_epoch


def start(change: Change, trial: TrialRow) -> None:
    """Let a paused trial wait for a worker, or complete it if it is at its last epoch.

    Raises:
        Conflict: it is at its last epoch and has no value.
    """
    if trial.epoch >= trial.last_epoch:
        if trial.value is None:
            raise Conflict(f"trial {trial.number} has nothing left to train: extend it")
        trial_states.end(trial, TrialState.COMPLETED, change.now)
        change.study.finished_at = change.now
        trial.reason = None
        return
    trial.stop_epoch = rungs.next_stop(change.plan, trial)
    trial.reason = None
    trial_states.wait(change, trial)


def pause_at(trial: TrialRow, epoch: int) -> None:
    """Let a trial that waits for a worker train up to an epoch, and pause there."""
    trial.manual = True
    trial.stop_epoch = epoch
    trial.requested_state = RequestedState.PAUSED_AT_EPOCH
    trial.reason = f"trains up to epoch {epoch}, to wait there for a person"


def next_epoch(trial: TrialRow) -> int | None:
    """The epoch from which a change of a trial holds; None while only its worker knows."""
    if trial.requested_state == RequestedState.PAUSED_AT_STOP:
        return trial.stop_epoch  # it only trains again what it had trained
    return None if trial.state == TrialState.RUNNING else trial.epoch
