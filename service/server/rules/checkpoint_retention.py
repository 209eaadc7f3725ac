"""Which checkpoints are kept, and from where a trial continues when its segment is lost.

Of a trial that trains, the newest checkpoint is kept; of one that has completed, only if it is
among the best of its study. Many are kept of a trial under manual control, evenly spread. Any
other epoch of a network can be trained again, from an earlier checkpoint or from the start, to the
same bits. The rule is one for networks and for functions, whose checkpoints are what they saved.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from sqlalchemy.orm import Session

from caviar.service.contract import limits
from caviar.service.contract.states import TrialState
from caviar.service.server import store
from caviar.service.server.rules.change import Change
from caviar.service.server.rules.plans import Plan, plan_of
from caviar.service.server.store.models import CheckpointRow, StudyRow, TrialRow


def put(session: Session, study: StudyRow, trial: TrialRow, checkpoint: CheckpointRow) -> None:
    """Store a checkpoint, and drop those that it makes superfluous."""
    plan = plan_of(study.definition)
    store.checkpoints.put(session, study, checkpoint)
    epochs = [kept.epoch for kept in store.checkpoints.of(session, study, trial.number)]
    limit = limits.CHECKPOINTS_OF_A_TRIAL if keeps_many(trial, plan) else 1
    store.checkpoints.forget(session, study, trial.number, epochs=superfluous(epochs, limit))
    _keep_best(session, study, plan)


def keeps_many(trial: TrialRow, plan: Plan) -> bool:
    """Whether many checkpoints of a trial are kept, for a person may rewind to them."""
    return trial.manual or trial.adjusted or trial.origin is not None or plan.panda


def superfluous(epochs: Sequence[int], limit: int) -> list[int]:
    """The epochs to drop so that at most `limit` stay: the newest, and the rest evenly spread."""
    kept = list(epochs)
    while len(kept) > limit:
        # The one whose neighbours are closest together is missed the least; never the newest.
        gaps = [after - before for before, after in pairwise([0, *kept])]
        gaps = [here + after for here, after in pairwise(gaps)] or [0]
        del kept[gaps.index(min(gaps))]
    return [epoch for epoch in epochs if epoch not in kept]


def discard(change: Change, ended: Sequence[TrialRow]) -> None:
    """Drop the checkpoints of trials that have ended, but for the best that have completed."""
    plan = change.plan
    numbers = [
        trial.number
        for trial in ended
        if trial.state != TrialState.COMPLETED and not keeps_many(trial, plan) and trial.epoch
    ]
    store.checkpoints.forget_all(change.session, change.study, numbers)
    if any(trial.state == TrialState.COMPLETED for trial in ended):
        change.session.flush()
        _keep_best(change.session, change.study, plan)


def _keep_best(session: Session, study: StudyRow, plan: Plan) -> None:
    """Keep checkpoints of the best completed trials only."""
    completed = store.checkpoints.of_completed(session, study)
    if len(completed) > limits.CHECKPOINTS_OF_THE_BEST:
        sign = -1 if plan.maximize else 1
        order = sorted(completed, key=lambda pair: (sign * pair[1], pair[0]))
        worst = [number for number, _ in order[limits.CHECKPOINTS_OF_THE_BEST :]]
        store.checkpoints.forget_all(session, study, worst)


def restore(change: Change, trial: TrialRow, *, upto: int | None = None) -> None:
    """Put a trial back to where it can continue: its newest checkpoint, up to an epoch.

    Its curve and its best value are cut back with it. A trial of an external objective that has
    no checkpoint continues where its segment began.
    """
    session, study = change.session, change.study
    restores_any_epoch = change.plan.kind.restores_any_epoch
    epoch = trial.epoch if upto is None else upto
    is_there = epoch == trial.epoch == trial.start_epoch
    if is_there and restores_any_epoch:
        return
    checkpoint = (
        store.checkpoints.newest(session, study, trial.number, upto=epoch) if epoch else None
    )
    if not restores_any_epoch and checkpoint is None:
        trial.epoch = trial.start_epoch = min(trial.start_epoch, epoch)
        store.curves.cut(session, study, trial.number, trial.epoch)
        return
    if is_there and checkpoint is not None and checkpoint.epoch == epoch:
        return
    trial.value = None if checkpoint is None else checkpoint.value
    trial.best_epoch = None if checkpoint is None else checkpoint.best_epoch
    trial.metrics = {} if checkpoint is None else checkpoint.metrics
    trial.start_epoch = 0 if checkpoint is None else checkpoint.epoch
    if trial.epoch != trial.start_epoch:
        store.curves.cut(session, study, trial.number, trial.start_epoch)
    trial.epoch = trial.start_epoch
