"""The arrows between a trial's states, as DESIGN.md draws them: each a few fields at once."""

from __future__ import annotations

import secrets

from sqlalchemy.orm import Session

from caviar.service.contract.states import RequestedState, TrialState
from caviar.service.server.operations import checkpoints
from caviar.service.server.store.models import StudyRow, TrialRow

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
    """Count the time that a worker trained since its last sign of life, a lease's at most.

    What a worker that was lost trained since then is not counted: nobody knows.
    """
    if trial.prefetched or trial.lease_expires_at is None or trial.lease_seconds is None:
        return
    since = now - (trial.lease_expires_at - trial.lease_seconds)
    trial.seconds += min(max(0.0, since), trial.lease_seconds)


def renew(trial: TrialRow, now: float, *, prefetched: bool) -> None:
    """Move the deadline of a running trial: its worker lives, and began unless it holds it."""
    count_time(trial, now)
    trial.prefetched = trial.prefetched and prefetched
    trial.lease_expires_at = now + (trial.lease_seconds or 0.0)


def end(trial: TrialRow, state: TrialState, now: float) -> None:
    """Take the lease from a trial that has ended; the token stays as a record of who ended it."""
    trial.state = state
    trial.lease_expires_at = None
    trial.finished_at = now
    trial.requested_state = None


def release(session: Session, study: StudyRow, trial: TrialRow) -> None:
    """Let a trial wait again that its worker gave back or never began: that is no attempt."""
    trial.attempt -= 1
    let_wait(session, study, trial)


def expire(session: Session, study: StudyRow, trial: TrialRow, now: float, *, how: str) -> None:
    """Let a trial wait again whose worker was lost, or fail if that was its last attempt."""
    if trial.attempt < MAX_ATTEMPTS:
        let_wait(session, study, trial)
        return
    trial.revision = study.revision
    trial.reason = f"crash_loop: {how}"
    end(trial, TrialState.FAILED, now)
    study.finished_at = now


def let_wait(session: Session, study: StudyRow, trial: TrialRow) -> None:
    """Let a trial wait for a worker, to go on from its last checkpoint."""
    trial.state = TrialState.WAITING
    trial.lease_expires_at = None
    trial.lease_token = None
    trial.finished_at = None
    trial.revision = study.revision
    checkpoints.go_back(session, study, trial)
    if trial.requested_state == RequestedState.PAUSED:
        # Its worker was lost before it heard of it.
        trial.requested_state = None
        trial.state = TrialState.PAUSED
