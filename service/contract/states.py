"""The states of a study and of a trial, each with its meaning on its line."""

from enum import StrEnum


class StudyState(StrEnum):
    """Where a study stands."""

    RUNNING = "running"  # asks are answered with trials
    PAUSED = "paused"  # a person stopped the asks; running trials finish
    STOPPED = "stopped"  # a person ended it before its budget was used
    COMPLETED = "completed"  # its budget is used and every trial has ended


class TrialState(StrEnum):
    """Where a trial stands; docs/architecture.md draws the transitions between them."""

    WAITING = "waiting"  # may be leased: new, enqueued, or its lease ran out
    RUNNING = "running"  # leased: a worker trains its segment
    PAUSED = "paused"  # at a rung, or by a person
    COMPLETED = "completed"  # trained to its last epoch: it has a value
    PRUNED = "pruned"  # a pruner ended it early
    FAILED = "failed"  # it could not be trained: the reason says why
    DIVERGED = "diverged"  # a metric became NaN or infinite: a result that never wins
    CANCELLED = "cancelled"  # a person ended it


class RequestedState(StrEnum):
    """The state that a person requested of a running trial, until its worker is told."""

    PAUSED = "paused"  # at the next epoch boundary that is reported
    PAUSED_AT_STOP = "paused_at_stop"  # where its segment stops


OPEN = (TrialState.WAITING, TrialState.RUNNING, TrialState.PAUSED)
IN_TRAINING = (TrialState.RUNNING, TrialState.PAUSED)
FINISHED = tuple(state for state in TrialState if state not in OPEN)
