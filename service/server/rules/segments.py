"""The end of a segment: its result is recorded, and the rule for what comes next is applied."""

from __future__ import annotations

from caviar.service.contract import schemas
from caviar.service.contract.states import TrialState
from caviar.service.server.rules import rungs, trial_states
from caviar.service.server.rules.change import Change
from caviar.service.server.store.models import TrialRow


def advance(change: Change, trial: TrialRow, epoch: int) -> bool:
    """Count the epochs trained since the last report; whether there are any."""
    if epoch <= trial.epoch:
        return False
    change.study.epochs_trained += epoch - trial.epoch
    trial.epoch = epoch
    return True


def record(change: Change, trial: TrialRow, result: schemas.Result) -> None:
    """Record the result of a segment, and decide what comes next for its trial."""
    if result.state == "waiting" and result.crashed:
        how = result.reason or f"its process died in {trial.attempt} attempts"
        trial_states.expire(change, trial, how=how)
    elif result.state == "waiting":
        trial_states.release(change, trial)
    else:
        _end(change, trial, result)


def _end(change: Change, trial: TrialRow, result: schemas.Result) -> None:
    plan = change.plan
    at_stop = result.state != "paused" and result.epoch in (None, trial.stop_epoch)
    stopped_at = trial.stop_epoch if result.epoch is None and at_stop else result.epoch or 0
    advance(change, trial, stopped_at)
    trial.value = result.value
    trial.best_epoch = result.best_epoch
    trial.metrics = result.metrics
    trial.reason = result.reason
    change.mark(trial)
    awaits_person = trial.manual and (trial.requested_state is not None or plan.panda)
    if result.state == "paused":
        _pause(change, trial, "paused by a person")
    elif result.state == "completed" and at_stop and trial.stop_epoch < trial.last_epoch:
        _continue(change, trial)
    elif result.state == "completed" and awaits_person:
        _pause(change, trial, "waits for a person")
    else:
        trial_states.end(trial, TrialState(result.state), change.now)


def _continue(change: Change, trial: TrialRow) -> None:
    """From the end of a segment that is not the trial's: pause, wait at a rung, or train on."""
    plan = change.plan
    pauses_here = trial.requested_state is not None
    _pause(change, trial, "waits for a person")
    if pauses_here:
        return
    if rungs.at_rung(plan, trial):
        rungs.arrive(change, trial)
    else:
        trial.reason = None
        trial.stop_epoch = rungs.next_stop(plan, trial)
        trial_states.wait(change, trial)


def _pause(change: Change, trial: TrialRow, reason: str) -> None:
    """Pause a trial where it is; its next segment has all its attempts before it."""
    trial.state = TrialState.PAUSED
    trial.lease_expires_at = None
    trial.attempt = 0
    trial.requested_state = None
    trial.reason = reason
    if trial.manual:
        trial.stop_epoch = trial.last_epoch
    if not change.plan.kind.restores_any_epoch:
        # Unless it left a checkpoint, whatever trains it still has its state.
        trial.start_epoch = trial.epoch
