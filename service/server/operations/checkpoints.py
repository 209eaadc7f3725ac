"""Checkpoints: stored for the workers that send them, and read by workers and users."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from sqlalchemy.orm import Session

from caviar.service.contract import schemas
from caviar.service.contract.errors import Conflict, Invalid, NotFound
from caviar.service.contract.states import TrialState
from caviar.service.server import store
from caviar.service.server.operations.change_study import change_study
from caviar.service.server.rules import checkpoint_retention, histories, trial_states
from caviar.service.server.rules.change import Change
from caviar.service.server.rules.plans import plan_of
from caviar.service.server.store.database import Database
from caviar.service.server.store.disk import temporary_file
from caviar.service.server.store.models import CheckpointRow, StudyRow, TrialRow

REWIND_HINT = (
    ": rewinding it to an epoch trains it again up to there, to the same bits, and leaves one"
)


_storing = threading.Lock()
"""One large checkpoint is read and stored at a time: it takes several times its size of memory."""


@contextmanager
def upload(database: Database, name: str, number: int, *, lease: str) -> Iterator[IO[bytes]]:
    """A file for a checkpoint that is being sent by the holder of a lease.

    Raises:
        NotFound: there is no such study or trial.
        Conflict: the lease is not the current one.
        OutOfSpace: the disk is full.
    """
    with database.read() as session:
        trial = store.trials.get(session, store.studies.get(session, name), number)
        require_fence(trial, lease)
    with temporary_file(database) as file:
        yield file


def put(
    database: Database,
    name: str,
    number: int,
    *,
    lease: str,
    best: schemas.BestSoFar | None,
    content: bytes | IO[bytes],
    epoch: int | None = None,
) -> schemas.CheckpointKept:
    """Store a checkpoint of a trial, from the holder of its lease or of the last one it had.

    It is given as bytes, or as the file of an upload. That of a network is read and must fit the
    trial. That of an external objective is opaque: octets of an epoch that was reported, never
    read here.

    Raises:
        NotFound: there is no such study or trial.
        Invalid: it is no checkpoint, or not of this trial; or its epoch is missing or too late.
        Conflict: the lease is not the current one.
    """
    if not isinstance(content, bytes):
        with _storing:
            content.seek(0)
            return put(
                database, name, number, lease=lease, best=best, content=content.read(), epoch=epoch
            )
    with database.read() as session:
        study = store.studies.get(session, name)
        trial = store.trials.get(session, study, number)
        require_fence(trial, lease)  # before anything is read of the body
        plan = plan_of(study.definition)
        entries = histories.adjustments(session, study, trial)
    at = plan.kind.checkpoint_epoch(plan.definition, trial, entries, content, epoch)

    def work(change: Change) -> schemas.CheckpointKept:
        trial = store.trials.get(change.session, change.study, number)
        require_fence(trial, lease, epoch=at)
        trial_states.revive(change, trial)
        checkpoint = CheckpointRow(
            study_id=change.study.id,
            number=number,
            epoch=at,
            value=None if best is None else best.value,
            best_epoch=None if best is None else best.epoch,
            metrics=_metrics(change, number, best),
            size=len(content),
            created_at=change.now,
            data=content,
        )
        checkpoint_retention.put(change.session, change.study, trial, checkpoint)
        return schemas.CheckpointKept(number=number, epoch=at, bytes=len(content))

    return change_study(database, name, work)


def _metrics(change: Change, number: int, best: schemas.BestSoFar | None) -> dict[str, float]:
    """The metrics of a trial's best; those that its sender left out are taken from its curve."""
    if best is None:
        return {}
    if not best.cut or best.epoch is None:
        return best.metrics
    curve = store.curves.of(change.session, change.study, [number])[number]
    return {**curve.get(best.epoch, {}), **best.metrics}


def require_fence(trial: TrialRow, lease: str, *, epoch: int | None = None) -> None:
    """Refuse a sender that neither trains the trial nor was the last to.

    Raises:
        Conflict: the lease is not the trial's.
    """
    is_own = trial.lease_token is not None and secrets.compare_digest(
        trial.lease_token.encode(), lease.encode()
    )
    ended_here = trial.state == TrialState.COMPLETED and epoch in (None, trial.epoch)
    if not (trial_states.holds(trial, lease) or (is_own and ended_here)):
        raise Conflict("this lease has run out or its trial has ended: discard the checkpoint")
    if epoch is not None and not trial.start_epoch <= epoch <= trial.stop_epoch:
        raise Invalid(
            f"the checkpoint is of epoch {epoch}; its segment goes from {trial.start_epoch} "
            f"to {trial.stop_epoch}"
        )


def get(database: Database, name: str, number: int, *, epoch: int | None = None) -> CheckpointRow:
    """A trial's newest checkpoint, or the one of an epoch, with its data.

    Raises:
        NotFound: there is no such study, trial or checkpoint.
    """
    with database.read() as session:
        return _get(session, store.studies.get(session, name), number, epoch)


def model(database: Database, name: str, number: int, *, epoch: int | None = None) -> CheckpointRow:
    """A trial's model: of a network its checkpoint, of a function what it saved last.

    Raises:
        NotFound: there is no such study, trial or checkpoint.
    """
    return get(database, name, number, epoch=epoch)


def _get(session: Session, study: StudyRow, number: int, epoch: int | None) -> CheckpointRow:
    store.trials.get(session, study, number)
    if epoch is None:
        checkpoint = store.checkpoints.newest(session, study, number, data=True)
    else:
        checkpoint = store.checkpoints.at(session, study, number, epoch)
    if checkpoint is None:
        which = "no checkpoint" if epoch is None else f"no checkpoint of epoch {epoch}"
        hint = REWIND_HINT if plan_of(study.definition).kind.restores_any_epoch else ""
        raise NotFound(f"trial {number} keeps {which}{hint}")
    session.expunge(checkpoint)
    return checkpoint
