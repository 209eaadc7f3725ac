"""A trial's history: the parameters it began with, whose draws it has, and its adjustments.

A trial's bits depend on its history, the study's seed and the data, and on nothing else. That of
most trials is their parameters alone. A fork has its parent's, up to the epoch where it left, and
then its own; the draws of weights, dropout and shuffles stay those of the line that it comes from.
So a fork without changes goes on exactly as its parent would have, and what tells them apart is
the change. All adjustments of one epoch are one change, made between that epoch and the next; a
checkpoint is of the time before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from caviar import engine
from caviar.service.contract import schemas
from caviar.service.contract.schemas.base import Setting
from caviar.service.contract.states import RequestedState
from caviar.service.server.store.models import JournalRow, StudyRow, TrialRow
from caviar.service.server.store.queries import journal

Params = dict[str, Setting]


def base(row: TrialRow) -> Params:
    """The parameters that the trial's line began with."""
    origin = row.origin or {}
    found: Params = origin.get("params", row.params)
    return found


def reached(row: TrialRow) -> int:
    """The epoch that the trial is at; while it trains again up to where it was, that one."""
    return row.stop_epoch if row.requested_state == RequestedState.PAUSED_AT_STOP else row.epoch


def history(session: Session, study: StudyRow, row: TrialRow) -> schemas.History | None:
    """The history of a trial that is more than its parameters."""
    if not row.adjusted and row.origin is None:
        return None
    entries = holding(session, study, row)
    return schemas.History(lineage=row.lineage, params=base(row), adjustments=schedule(entries))


def known(entry: JournalRow) -> bool:
    """Whether it is settled from which epoch on the adjustment holds."""
    return entry.epoch is not None


def schedule(entries: Iterable[JournalRow]) -> list[schemas.Adjustment]:
    """One adjustment an epoch, of those whose epoch is known; of two values the later holds."""
    changes: dict[int, Params] = {}
    for entry in entries:
        if entry.epoch is not None:
            changes.setdefault(entry.epoch, {}).update(entry.detail["new"])
    return [schemas.Adjustment(epoch=epoch, changes=changes[epoch]) for epoch in sorted(changes)]


def holding(session: Session, study: StudyRow, row: TrialRow) -> Sequence[JournalRow]:
    """The trial's adjustments that hold or will, in the order in which they take effect."""
    return journal.adjustments(session, study, row.number) if row.adjusted else []


def current_params(row: TrialRow, entries: Iterable[JournalRow]) -> Params:
    """The parameters after some adjustments."""
    found = dict(base(row))
    for entry in entries:
        found.update(entry.detail["new"])
    return found


def recipe(row: TrialRow, entries: Sequence[JournalRow], settings: Params) -> engine.Recipe:
    """What a network trains with after some adjustments."""
    found = engine.read_recipe(base(row), settings)
    for step in schedule(entries):
        found = found.adjusted(step.changes)
    for entry in entries:
        if not known(entry):
            found = found.adjusted(entry.detail["new"])
    return found
