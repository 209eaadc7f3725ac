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
    """Whether the token is the trial's last lease, and its holder may train on.

    A lease that has run out still counts while the trial waits and has not been leased again.
    """
    return (
        trial is not None
        and is_last_lease(trial, token)
        and (trial.state == TrialState.RUNNING or _waits_lapsed(trial))
    )


def failed_lapsed(trial: TrialRow | None, token: str) -> bool:
    """Whether the trial failed when this lease ran out, the last of its attempts."""
    return (
        trial is not None
        and is_last_lease(trial, token)
        and trial.lapsed
        and trial.state == TrialState.FAILED
    )


def is_last_lease(trial: TrialRow, token: str) -> bool:
    """Whether the token is of the last lease that was given of the trial, ended or not."""
    return trial.lease_token is not None and secrets.compare_digest(
        trial.lease_token.encode(), token.encode()
    )


def _waits_lapsed(trial: TrialRow) -> bool:
    return trial.lapsed and trial.state == TrialState.WAITING


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
    trial.lapsed = False


def lapse(change: Change, trial: TrialRow) -> None:
    """Let a trial wait whose lease has run out, or fail it after its last attempt.

    Its worker may only be slow. So the trial keeps its lease and what was reported until it is
    leased again: see `revive` and `settle`.
    """
    ran_out = f"its lease of {trial.lease_seconds:g} s ran out"
    if not trial.prefetched and trial.attempt >= MAX_ATTEMPTS:
        advice = "renew a lease with reports, or ask with a larger lease_seconds"
        expire(change, trial, how=f"{lost_attempts(trial)} when {ran_out}: {advice}")
        trial.lapsed = True
        return
    if trial.prefetched:
        trial.attempt -= 1
    if trial.requested_state == RequestedState.PAUSED:
        wait(change, trial)
        return
    change.mark(trial)
    change.say(
        f"trial {trial.number} of worker {trial.worker} waits again: {ran_out}",
        trial=trial.number,
        worker=trial.worker,
    )
    trial.state = TrialState.WAITING
    trial.lease_expires_at = None
    trial.lapsed = True
    trial.reason = None if trial.prefetched else f"{ran_out} without a report"


def lost_attempts(trial: TrialRow) -> str:
    """The beginning of the reason of a trial that fails after its last attempt."""
    return f"{trial.attempt} attempts were lost, the last one"


def revive(change: Change, trial: TrialRow) -> None:
    """Let a trial run on under its lease that had run out: its worker has spoken after all."""
    if not trial.lapsed:
        return
    change.mark(trial)
    if trial.prefetched:
        trial.attempt += 1
    trial.state = TrialState.RUNNING
    trial.lapsed = False
    trial.reason = None
    trial.finished_at = None
    # The time since its last report counts as one lease, as it does for any other report.
    trial.lease_expires_at = change.now


def settle(change: Change, trial: TrialRow) -> None:
    """Give up a lease that has run out: its worker is not heard from now on."""
    if not trial.lapsed:
        return
    trial.lapsed = False
    trial.lease_token = None
    if trial.state == TrialState.WAITING:
        checkpoint_retention.restore(change, trial)


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
    change.say(f"trial {trial.number} failed: {how}", trial=trial.number, worker=trial.worker)
    trial.reason = f"crash_loop: {how}"
    end(trial, TrialState.FAILED, change.now)
    change.study.finished_at = change.now


def wait(change: Change, trial: TrialRow) -> None:
    """Let a trial wait for a worker, to continue from its last checkpoint."""
    change.mark(trial)
    trial.state = TrialState.WAITING
    trial.lease_expires_at = None
    trial.lease_token = None
    trial.lapsed = False
    trial.finished_at = None
    checkpoint_retention.restore(change, trial)
    if trial.requested_state == RequestedState.PAUSED:
        # Its worker was lost before it was told to pause.
        trial.requested_state = None
        trial.state = TrialState.PAUSED
