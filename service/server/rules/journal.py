"""The journal: what people did to trials, and which adjustments workers have applied."""

from __future__ import annotations

from typing import Any

from caviar.service.contract import schemas
from caviar.service.contract.schemas.base import Setting
from caviar.service.server import store
from caviar.service.server.rules.change import Change
from caviar.service.server.rules.objectives import Adjusted
from caviar.service.server.store.models import JournalRow, TrialRow
from caviar.service.server.store.queries.journal import ADJUST


def write(
    change: Change,
    trial: TrialRow,
    action: str,
    body: schemas.ActionBody,
    *,
    epoch: int | None,
    **detail: Any,
) -> None:
    """Add an entry: the action, its author and reason, and the epoch from which it holds."""
    store.journal.add(
        change.session,
        JournalRow(
            study_id=change.study.id,
            number=trial.number,
            action=action,
            epoch=epoch,
            detail=detail,
            author=body.author,
            reason=body.reason,
            at=change.now,
            confirmed=False,
            undone=False,
        ),
    )


def write_adjustment(
    change: Change,
    trial: TrialRow,
    body: schemas.ActionBody,
    adjusted: Adjusted,
    *,
    epoch: int | None,
) -> None:
    """Add an adjustment that holds from an epoch on; None: from when its worker is told."""
    trial.adjusted = True
    write(change, trial, ADJUST, body, epoch=epoch, old=adjusted.old, new=adjusted.new)


def pending_changes(change: Change, trial: TrialRow) -> dict[str, Setting]:
    """What a worker that reported the trial's epoch changes there, unless it already did.

    From now on the journal says that the adjustments hold from this epoch on, whether or not the
    answer arrives: a worker that was never told is lost, and the next one gets them with its lease.
    """
    entries = store.journal.adjustments(change.session, change.study, trial.number)
    for entry in entries:
        if entry.epoch is None:
            entry.epoch = trial.epoch
            change.mark(trial)
    here = [entry for entry in entries if entry.epoch == trial.epoch]
    changes: dict[str, Setting] = {}
    if not all(entry.confirmed for entry in here):
        # In the order of the journal: of two values the later one wins.
        for entry in sorted(here, key=lambda entry: entry.id):
            changes.update(entry.detail["new"])
    return changes


def confirm(change: Change, trial: TrialRow, epoch: int) -> None:
    """Note that a worker has applied the adjustments up to this epoch."""
    for entry in store.journal.adjustments(change.session, change.study, trial.number):
        if entry.epoch is not None and entry.epoch <= epoch:
            if not entry.confirmed:
                change.mark(trial)
            entry.confirmed = True
