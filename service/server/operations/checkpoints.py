"""Checkpoints: taken from workers, given back to them, and only so many kept.

Of a trial that goes on by itself the newest is kept; once it has ended, only if it is among the
best of its study. Of a trial that a person has by the hand many are kept, evenly. What is not kept
can be trained again, from an earlier checkpoint or from the start, to the same bits.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from itertools import pairwise

from sqlalchemy.orm import Session

from caviar import engine
from caviar.service.contract import limits, schemas
from caviar.service.contract.errors import Conflict, Invalid, NotFound
from caviar.service.contract.schemas import NetworkObjective
from caviar.service.contract.states import TrialState
from caviar.service.server.rules import seeds
from caviar.service.server.rules.plans import Plan, plan_of
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import CheckpointRow, StudyRow, TrialRow
from caviar.service.server.store.queries import checkpoints, curves
from caviar.service.server.store.queries import studies as study_rows
from caviar.service.server.store.queries import trials as trial_rows


def put(
    database: Database,
    name: str,
    number: int,
    *,
    lease: str,
    best: schemas.Best | None,
    content: bytes,
    epoch: int | None = None,
) -> schemas.CheckpointKept:
    """Keep a checkpoint that the holder of a trial's lease, or who ended the trial last, left.

    That of a network is read and must be of this trial. That of an external objective is opaque:
    octets of an epoch that was reported, never read here.

    Raises:
        NotFound: there is no such study or trial.
        Invalid: it is no checkpoint, or not of this trial; or its epoch is missing or too late.
        Conflict: the lease is not the current one.
    """
    with database.read() as session:
        study = study_rows.get(session, name)
        row = trial_rows.get(session, study, number)
        require_fence(row, lease)  # before anything is read of the body
        plan = plan_of(study.definition)
        if isinstance(plan.definition.objective, NetworkObjective):
            at = _checked(plan, plan.definition.objective, row, content)
            _require_same(epoch, at)
        else:
            at = _reported(row, epoch)

    def work(session: Session) -> schemas.CheckpointKept:
        study = study_rows.lock(session, name)
        row = trial_rows.get(session, study, number)
        require_fence(row, lease, epoch=at)
        kept = CheckpointRow(
            study_id=study.id,
            number=number,
            epoch=at,
            value=None if best is None else best.value,
            best_epoch=None if best is None else best.epoch,
            metrics={} if best is None else best.metrics,
            size=len(content),
            created_at=database.now(session),
            data=content,
        )
        checkpoints.put(session, study, kept)
        _thin(session, study, row, plan_of(study.definition))
        retain_best(session, study, plan_of(study.definition))
        return schemas.CheckpointKept(number=number, epoch=at, bytes=len(content))

    return database.write(work)


def require_fence(row: TrialRow, lease: str, *, epoch: int | None = None) -> None:
    """Refuse who neither trains the trial nor was the last to.

    Raises:
        Conflict: the lease is another's.
    """
    mine = row.lease_token is not None and secrets.compare_digest(
        row.lease_token.encode(), lease.encode()
    )
    ended_here = row.state == TrialState.COMPLETED and epoch in (None, row.epoch)
    if not (mine and (row.state == TrialState.RUNNING or ended_here)):
        raise Conflict("this lease has run out or its trial has ended: discard the checkpoint")
    if epoch is not None and not row.start_epoch <= epoch <= row.stop_epoch:
        raise Invalid(
            f"the checkpoint is of epoch {epoch}; its segment goes from {row.start_epoch} "
            f"to {row.stop_epoch}"
        )


def _reported(row: TrialRow, epoch: int | None) -> int:
    """The epoch of a checkpoint that says nothing of itself: one that the trial has come to."""
    if epoch is None:
        raise Invalid.field("Caviar-Epoch", "must say which epoch the checkpoint is of")
    if epoch > row.epoch:
        raise Invalid.field(
            "Caviar-Epoch", f"must be at most {row.epoch}, the last epoch reported: report first"
        )
    return epoch


def _require_same(told: int | None, found: int) -> None:
    if told not in (None, found):
        raise Invalid.field("Caviar-Epoch", f"is {told}, and the checkpoint is of epoch {found}")


def _checked(plan: Plan, objective: NetworkObjective, row: TrialRow, content: bytes) -> int:
    """The epoch of a checkpoint; what it says of itself must be what we know of the trial."""
    try:
        found = engine.read_checkpoint(content)
    except engine.CheckpointError as error:
        raise Invalid(f"the body is not a checkpoint: {error}") from error
    expected = (row.number, row.lineage, seeds.of(plan, row), objective.dataset)
    told = (found.number, found.lane.key, found.seed, found.dataset["name"])
    names = ("trial", "lineage", "seed", "data set")
    for what, right, given in zip(names, expected, told, strict=True):
        if right != given:
            raise Invalid(f"the checkpoint is of another {what}: {given!r}, not {right!r}")
    return found.state.epoch


def model(database: Database, name: str, number: int, *, epoch: int | None = None) -> CheckpointRow:
    """The checkpoint of a network, which is one that can predict.

    Raises:
        NotFound: there is no such study, trial or checkpoint, or its checkpoints are opaque.
    """
    with database.read() as session:
        if study_rows.get(session, name).kind != "network":
            raise NotFound(f"the trials of {name!r} are no networks of ours: get the checkpoint")
    return get(database, name, number, epoch=epoch)


def get(database: Database, name: str, number: int, *, epoch: int | None = None) -> CheckpointRow:
    """A trial's newest checkpoint, or the one of an epoch, with its data.

    Raises:
        NotFound: there is no such study, trial or checkpoint.
    """
    with database.read() as session:
        study = study_rows.get(session, name)
        trial_rows.get(session, study, number)
        if epoch is None:
            found = checkpoints.newest(session, study, number, data=True)
        else:
            found = checkpoints.at(session, study, number, epoch)
        if found is None:
            which = "no checkpoint" if epoch is None else f"no checkpoint of epoch {epoch}"
            hint = (
                ": rewinding it to an epoch trains it again up to there, to the same bits, and "
                "leaves one"
            )
            raise NotFound(f"trial {number} keeps {which}{hint if study.kind == 'network' else ''}")
        session.expunge(found)
        return found


def go_back(session: Session, study: StudyRow, row: TrialRow, *, upto: int | None = None) -> None:
    """Put a trial where it can go on from: at its newest checkpoint, up to an epoch.

    Its curve and its best are cut back with it. The caller of an external objective that leaves no
    checkpoints goes on from where the segment began.
    """
    epoch = row.epoch if upto is None else upto
    is_there = epoch == row.epoch == row.start_epoch
    if is_there and study.kind == "network":
        return
    found = checkpoints.newest(session, study, row.number, upto=epoch) if epoch else None
    if study.kind != "network" and found is None:
        row.epoch = row.start_epoch = min(row.start_epoch, epoch)
        curves.cut(session, study, row.number, row.epoch)
        return
    if is_there and found is not None and found.epoch == epoch:
        return
    row.value = None if found is None else found.value
    row.best_epoch = None if found is None else found.best_epoch
    row.metrics = {} if found is None else found.metrics
    row.start_epoch = 0 if found is None else found.epoch
    if row.epoch != row.start_epoch:
        curves.cut(session, study, row.number, row.start_epoch)
    row.epoch = row.start_epoch


def is_dear(row: TrialRow, plan: Plan) -> bool:
    """Whether many checkpoints of a trial are kept: a person may want to go back to them."""
    return row.manual or row.adjusted or row.origin is not None or plan.panda


def _thin(session: Session, study: StudyRow, row: TrialRow, plan: Plan) -> None:
    epochs = [kept.epoch for kept in checkpoints.of(session, study, row.number)]
    most = limits.CHECKPOINTS_OF_A_TRIAL if is_dear(row, plan) else 1
    checkpoints.forget(session, study, row.number, epochs=superfluous(epochs, most))


def superfluous(epochs: Sequence[int], most: int) -> list[int]:
    """What to drop of some epochs so that at most so many stay: the newest, the rest evenly."""
    kept = list(epochs)
    while len(kept) > most:
        # The one whose neighbours are closest together is missed the least; never the newest.
        gaps = [after - before for before, after in pairwise([0, *kept])]
        gaps = [here + after for here, after in pairwise(gaps)] or [0]
        del kept[gaps.index(min(gaps))]
    return [epoch for epoch in epochs if epoch not in kept]


def discard(session: Session, study: StudyRow, ended: Sequence[TrialRow], plan: Plan) -> None:
    """Let go of what trials that have ended need no more."""
    lost = [
        row.number
        for row in ended
        if row.state != TrialState.COMPLETED and not is_dear(row, plan) and row.epoch
    ]
    checkpoints.forget_all(session, study, lost)


def retain_best(session: Session, study: StudyRow, plan: Plan) -> None:
    """Keep checkpoints of the best completed trials only."""
    found = checkpoints.of_completed(session, study)
    if len(found) > limits.CHECKPOINTS_OF_THE_BEST:
        sign = -1 if plan.maximize else 1
        order = sorted(found, key=lambda pair: (sign * pair[1], pair[0]))
        worst = [number for number, _ in order[limits.CHECKPOINTS_OF_THE_BEST :]]
        checkpoints.forget_all(session, study, worst)
