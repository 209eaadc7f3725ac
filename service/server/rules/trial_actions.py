"""What each action of the contract's table does to a trial: `APPLY["pause"](change, trial, body)`.

Each function changes a few fields and writes the journal. Its caller has checked that the
trial's state allows the action, marks the trial, and reconciles the study afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from caviar.service.contract import schemas
from caviar.service.contract.errors import Conflict, Invalid
from caviar.service.contract.states import RequestedState, TrialState
from caviar.service.contract.trial_actions import TrialAction
from caviar.service.server import store
from caviar.service.server.rules import (
    checkpoint_retention,
    forks,
    histories,
    journal,
    manual_control,
    rungs,
    study_states,
    trial_states,
)
from caviar.service.server.rules.change import Change
from caviar.service.server.rules.quotas import named, quotas
from caviar.service.server.store.models import TrialRow

Apply = Callable[[Change, TrialRow, Any], BaseModel | None]
"""Does an action, and returns its answer, or None where that is the trial's detail."""


def require_allowed(change: Change, trial: TrialRow, action: TrialAction) -> None:
    """Refuse an action that the trial's state, or the kind of its objective, forbids.

    Raises:
        Conflict: says what to do instead.
    """
    if action.networks_only and not change.plan.kind.restores_any_epoch:
        raise Conflict(
            f"only networks can be {action.past}: whatever trains other objectives keeps the state"
        )
    if trial.state not in action.states:
        raise Conflict(
            f"trial {trial.number} is {trial.state} and cannot be {action.past}: {action.otherwise}"
        )


def adjust(change: Change, trial: TrialRow, body: schemas.AdjustBody) -> None:
    """Change values from the next epoch on: at once, or when the trial's worker reports next."""
    plan = change.plan
    entries = histories.adjustments(change.session, change.study, trial)
    adjusted = plan.kind.adjust(
        plan.definition, plan.space, trial, entries, body.changes, field="changes"
    )
    manual_control.take(change, trial)
    journal.write_adjustment(change, trial, body, adjusted, epoch=manual_control.next_epoch(trial))


def pause(change: Change, trial: TrialRow, body: schemas.PauseBody) -> None:
    """Stop after the epoch that it is in, or at a later one, with a checkpoint."""
    if body.epoch is not None:
        _pause_at(change, trial, body.epoch)
        journal.write(change, trial, "pause", body, epoch=body.epoch)
        return
    manual_control.take(change, trial)
    if trial.state == TrialState.RUNNING:
        trial.requested_state = RequestedState.PAUSED
    else:
        if trial.requested_state == RequestedState.PAUSED_AT_EPOCH:
            trial.requested_state = None
            trial.stop_epoch = trial.last_epoch
        trial.state = TrialState.PAUSED
        trial.reason = "paused by a person"
    journal.write(change, trial, "pause", body, epoch=trial.epoch)


def _pause_at(change: Change, trial: TrialRow, epoch: int) -> None:
    """Train up to an epoch, and stop there exactly.

    A worker may be past the epoch before it reports next. So it loses its lease, and the trial
    trains again from its last checkpoint, to the same bits, in a segment that ends at the epoch.
    """
    reached = histories.reached_epoch(trial)
    if not reached < epoch <= trial.last_epoch:
        where = f"above {reached}, where the trial is, and at most {trial.last_epoch}"
        raise Invalid.field("epoch", f"must be {where}, where it ends")
    if trial.state == TrialState.RUNNING and not change.plan.kind.restores_any_epoch:
        raise Conflict(
            f"trial {trial.number} is running, and only networks can return to an epoch that they "
            "may have passed: pause it now, and at an epoch once it is paused"
        )
    manual_control.take(change, trial)
    trial.requested_state = None
    if trial.state == TrialState.RUNNING:
        trial_states.wait(change, trial)
        trial.attempt = 0
    elif trial.state == TrialState.PAUSED:
        manual_control.start(change, trial)
    manual_control.pause_at(trial, epoch)


def resume(change: Change, trial: TrialRow, body: schemas.ResumeBody) -> None:
    """Let it train on, or release it to the search. At its last epoch, that completes it."""
    if body.release and not trial.manual:
        raise Conflict(f"trial {trial.number} is with the search already")
    was_paused = trial.state == TrialState.PAUSED
    if was_paused:
        manual_control.take(change, trial)
    trial.manual = not body.release and (trial.manual or was_paused)
    trial.requested_state = None
    if was_paused:
        manual_control.start(change, trial)
    elif trial.state == TrialState.WAITING:
        trial.stop_epoch = rungs.next_stop(change.plan, trial)
    journal.write(change, trial, "resume", body, epoch=trial.epoch, release=body.release)


def rewind(change: Change, trial: TrialRow, body: schemas.RewindBody) -> None:
    """Back to an epoch, as if nothing had happened since: adjustments, curve and best go with it.

    Where no checkpoint of that epoch is kept, the trial trains up to there from an earlier one, to
    the same bits. Then it waits for a person.
    """
    before = histories.reached_epoch(trial)
    if body.epoch > before:
        raise Invalid.field("epoch", f"must be at most {before}, where the trial is")
    study_states.reopen(change)
    if body.epoch < before:
        session, study = change.session, change.study
        store.journal.undo_from(session, study, trial.number, body.epoch)
        store.checkpoints.forget_after(session, study, trial.number, body.epoch)
    manual_control.take(change, trial)
    trial.void, trial.void_reason, trial.requested_state = False, None, None
    trial.last_epoch = max(trial.last_epoch, before)
    trial_states.wait(change, trial)
    checkpoint_retention.restore(change, trial, upto=min(trial.epoch, body.epoch))
    trial.attempt = 0
    if trial.epoch < body.epoch:
        trial.stop_epoch = body.epoch
        trial.requested_state = RequestedState.PAUSED_AT_STOP
        trial.reason = f"trains again up to epoch {body.epoch}, to wait there for a person"
    else:
        trial.state = TrialState.PAUSED
        trial.stop_epoch = trial.last_epoch
        trial.reason = "waits for a person"
    journal.write(change, trial, "rewind", body, epoch=body.epoch, before=before)


def extend(change: Change, trial: TrialRow, body: schemas.ExtendBody) -> None:
    """More epochs; a completed trial trains on, to the same bits as if it had never stopped."""
    if trial.last_epoch + body.epochs > quotas().epochs:
        raise Invalid.field("epochs", f"makes more epochs than {named('epochs')}")
    study_states.reopen(change)
    manual_control.take(change, trial)
    trial.last_epoch += body.epochs
    trial.void, trial.void_reason = False, None
    at_end = trial.state == TrialState.PAUSED and trial.epoch == trial.last_epoch - body.epochs
    if trial.state == TrialState.COMPLETED or at_end:
        trial.attempt, trial.seconds = 0, 0.0
        if not change.plan.kind.restores_any_epoch:
            trial.start_epoch = trial.epoch
        manual_control.start(change, trial)
    elif trial.state != TrialState.RUNNING and trial.requested_state is None:
        trial.stop_epoch = trial.last_epoch
    journal.write(change, trial, "extend", body, epoch=trial.epoch, epochs=body.epochs)


def cancel(change: Change, trial: TrialRow, body: schemas.ActionBody) -> None:
    """End it; what it has trained so far stays visible."""
    trial.reason = f"cancelled by {body.author}" + (f": {body.reason}" if body.reason else "")
    trial_states.end(trial, TrialState.CANCELLED, change.now)
    checkpoint_retention.discard(change, [trial])
    journal.write(change, trial, "cancel", body, epoch=trial.epoch)


def void(change: Change, trial: TrialRow, body: schemas.VoidBody) -> None:
    """Exclude its result: it is not the best, not in figures, and rounds to come do not use it."""
    trial.void, trial.void_reason = True, body.reason
    journal.write(change, trial, "void", body, epoch=None)


def unvoid(change: Change, trial: TrialRow, body: schemas.ActionBody) -> None:
    """Include its result again."""
    if not trial.void:
        raise Conflict(f"trial {trial.number} is not void")
    trial.void, trial.void_reason = False, None
    journal.write(change, trial, "unvoid", body, epoch=None)


APPLY: dict[str, Apply] = {
    "adjust": adjust,
    "pause": pause,
    "resume": resume,
    "rewind": rewind,
    "extend": extend,
    "cancel": cancel,
    "void": void,
    "unvoid": unvoid,
    "fork": forks.fork,
}
"""By the names of contract.trial_actions.ACTIONS."""
