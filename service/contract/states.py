"""The states of a study and of a trial; each member is explained on its line."""

from enum import StrEnum


class StudyState(StrEnum):
    """The state of a study."""

    RUNNING = "running"  # asks get trials
    PAUSED = "paused"  # paused by a person: asks get no trials, running trials finish
    STOPPED = "stopped"  # ended by a person before its budget was used
    COMPLETED = "completed"  # its budget is used and every trial has ended


class TrialState(StrEnum):
    """The state of a trial; docs/architecture.md has a diagram of the transitions."""

    WAITING = "waiting"  # may be leased: new, enqueued, or its lease has expired
    RUNNING = "running"  # leased: a worker trains its segment
    PAUSED = "paused"  # at a rung, or by a person
    COMPLETED = "completed"  # trained to its last epoch; has a value
    PRUNED = "pruned"  # a pruner ended it early
    FAILED = "failed"  # could not be trained; the trial has a reason
    DIVERGED = "diverged"  # a metric became NaN or infinite: a result that never wins
    CANCELLED = "cancelled"  # ended by a person


class RequestedState(StrEnum):
    """What a person requested of a running trial, until its worker confirms it."""

    PAUSED = "paused"  # at the next epoch boundary that is reported
    PAUSED_AT_STOP = "paused_at_stop"  # where its segment stops, after training again up to there
    PAUSED_AT_EPOCH = "paused_at_epoch"  # where its segment stops, at an epoch that they chose


OPEN = (TrialState.WAITING, TrialState.RUNNING, TrialState.PAUSED)
IN_TRAINING = (TrialState.RUNNING, TrialState.PAUSED)
FINISHED = tuple(state for state in TrialState if state not in OPEN)
