"""A trial's history: its first parameters, the lineage whose draws it has, and its adjustments.

A trial's bits depend on its history, the study's seed and the data, and on nothing else. The
history of most trials is their parameters alone. A fork has its parent's history up to the epoch
where it left, and then its own; its draws of weights, dropout and shuffles are those of its
lineage. So a fork without changes continues exactly as its parent would have, and only the change
tells them apart. All adjustments of one epoch are one change, made between that epoch and the
next; a checkpoint of an epoch precedes the adjustments of that epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from caviar import engine
from caviar.service.contract import schemas
from caviar.service.contract.schemas.base import Setting
from caviar.service.contract.states import RequestedState
from caviar.service.server import store
from caviar.service.server.store.models import JournalRow, StudyRow, TrialRow


def first_params(trial: TrialRow) -> dict[str, Setting]:
    """The parameters that the trial's lineage began with."""
    origin = trial.origin or {}
    params: dict[str, Setting] = origin.get("params", trial.params)
    return params


def reached_epoch(trial: TrialRow) -> int:
    """The epoch that the trial is at; while it trains again up to where it was, that one."""
    trains_again = trial.requested_state == RequestedState.PAUSED_AT_STOP
    return trial.stop_epoch if trains_again else trial.epoch


def history(session: Session, study: StudyRow, trial: TrialRow) -> schemas.History | None:
    """The history of a trial that has more than its parameters."""
    if not trial.adjusted and trial.origin is None:
        return None
    entries = adjustments(session, study, trial)
    return schemas.History(
        lineage=trial.lineage, params=first_params(trial), adjustments=schedule(entries)
    )


def adjustments(session: Session, study: StudyRow, trial: TrialRow) -> Sequence[JournalRow]:
    """The trial's adjustments that hold or will, in the order in which they take effect."""
    if not trial.adjusted:
        return []
    return store.journal.adjustments(session, study, trial.number)


def schedule(entries: Iterable[JournalRow]) -> list[schemas.Adjustment]:
    """One adjustment an epoch, of the entries whose epoch is known; later values win."""
    changes: dict[int, dict[str, Setting]] = {}
    for entry in entries:
        if entry.epoch is not None:
            changes.setdefault(entry.epoch, {}).update(entry.detail["new"])
    return [schemas.Adjustment(epoch=epoch, changes=changes[epoch]) for epoch in sorted(changes)]


def current_params(trial: TrialRow, entries: Iterable[JournalRow]) -> dict[str, Setting]:
    """The parameters after some adjustments."""
    params = dict(first_params(trial))
    for entry in entries:
        params.update(entry.detail["new"])
    return params


def recipe(
    trial: TrialRow, entries: Sequence[JournalRow], settings: dict[str, Setting]
) -> engine.Recipe:
    """What a network trains with after some adjustments.

    Args:
        trial: the trial.
        entries: its adjustments; those whose epoch is not known yet come last.
        settings: the fixed hyperparameters of the objective.
    """
    adjusted = engine.read_recipe(first_params(trial), settings)
    for step in schedule(entries):
        adjusted = adjusted.adjusted(step.changes)
    for entry in entries:
        if entry.epoch is None:
            adjusted = adjusted.adjusted(entry.detail["new"])
    return adjusted


def at_epoch(
    trial: TrialRow,
    entries: Sequence[JournalRow],
    settings: dict[str, Setting],
    epoch: int,
    examples: int,
) -> tuple[engine.Recipe, int]:
    """What a network trains with up to an epoch, and the steps of its optimizer so far.

    Adjustments of that epoch take effect after it. A new optimizer counts its steps from 1.

    Args:
        trial: the trial.
        entries: its adjustments.
        settings: the fixed hyperparameters of the objective.
        epoch: the number of epochs trained.
        examples: the number of examples in the training part.
    """
    recipe = engine.read_recipe(first_params(trial), settings)
    steps = begun = 0
    for adjustment in schedule(entries):
        if adjustment.epoch >= epoch:
            break
        steps += (adjustment.epoch - begun) * _batches(recipe, examples)
        adjusted = recipe.adjusted(adjustment.changes)
        steps = steps if adjusted.optimizer == recipe.optimizer else 0
        recipe, begun = adjusted, adjustment.epoch
    return recipe, steps + (epoch - begun) * _batches(recipe, examples)


def _batches(recipe: engine.Recipe, examples: int) -> int:
    return -(-examples // min(recipe.batch_size, examples))
