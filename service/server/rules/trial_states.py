"""The transitions between a trial's states, a function each. See docs/architecture.md."""

from __future__ import annotations

import secrets

from caviar.service.contract.states import RequestedState, TrialState
from caviar.service.server.rules import checkpoint_retention
from caviar.service.server.rules.change import Change
from caviar.service.server.store.models import TrialRow

MAX_ATTEMPTS = 3
"""A trial whose workers were lost this often fails: it may be what kills them."""


def holds(trial: TrialRow | None, token: str) -> bool:
    """Whether the token is the current lease of a running trial."""
    return (
        trial is not None
        and trial.state == TrialState.RUNNING
        and trial.lease_token is not None
        and secrets.compare_digest(trial.lease_token.encode(), token.encode())
    )


def count_time(trial: TrialRow, now: float) -> None:
    """Count the time that a worker trained since its last report, at most one lease.

    What a lost worker trained since its last report is not counted, for it is unknown.
    """
    if trial.prefetched or trial.lease_expires_at is None or trial.lease_seconds is None:
        return
    since = now - (trial.lease_expires_at - trial.lease_seconds)
    trial.seconds += min(max(0.0, since), trial.lease_seconds)


def renew(trial: TrialRow, now: float, *, prefetched: bool) -> None:
    """Move the deadline of a running trial; unless still prefetched, its training has begun."""
    count_time(trial, now)
    trial.prefetched = trial.prefetched and prefetched
    trial.lease_expires_at = now + (trial.lease_seconds or 0.0)


def end(trial: TrialRow, state: TrialState, now: float) -> None:
    """End a trial and its lease; the token stays, for its worker may still send a checkpoint."""
    trial.state = state
    trial.lease_expires_at = None
    trial.finished_at = now
    trial.requested_state = None


def release(change: Change, trial: TrialRow) -> None:
    """Let a trial wait again that its worker released or never began: that is no attempt."""
    trial.attempt -= 1
    wait(change, trial)


def expire(change: Change, trial: TrialRow, *, how: str) -> None:
    """Let a trial wait again whose worker was lost, or fail it after its last attempt."""
    if trial.attempt < MAX_ATTEMPTS:
        wait(change, trial)
        return
    change.mark(trial)
    trial.reason = f"crash_loop: {how}"
    end(trial, TrialState.FAILED, change.now)
    change.study.finished_at = change.now


def wait(change: Change, trial: TrialRow) -> None:
    """Let a trial wait for a worker, to continue from its last checkpoint."""
    change.mark(trial)
    trial.state = TrialState.WAITING
    trial.lease_expires_at = None
    trial.lease_token = None
    trial.finished_at = None
    checkpoint_retention.restore(change, trial)
    if trial.requested_state == RequestedState.PAUSED:
        # Its worker was lost before it was told to pause.
        trial.requested_state = None
        trial.state = TrialState.PAUSED
