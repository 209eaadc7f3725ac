"""Forks: children that continue from an epoch of their parent, each with changes of its own.

A child has its parent's lineage: the same first parameters, the same draws of weights, dropout and
shuffles, the same adjustments up to the epoch where it leaves. So its bits depend only on the
study's seed, its lineage, and the adjustments in its journal; and a twin, which changes nothing,
continues as the parent would. Children come on top of the budget, and the rest of the round
proposes behind them what it would have proposed without them; later rounds are numbered higher.
"""

from __future__ import annotations

from collections.abc import Sequence

from caviar.sampler.draws import unit
from caviar.service.contract import schemas
from caviar.service.contract.errors import Invalid
from caviar.service.contract.schemas.base import Setting
from caviar.service.server import store
from caviar.service.server.rules import histories, journal, new_trials, study_states
from caviar.service.server.rules.change import Change
from caviar.service.server.rules.objectives import Adjusted
from caviar.service.server.rules.quotas import require
from caviar.service.server.store.models import CheckpointRow, JournalRow, TrialRow

COMPLEMENTS = (
    *("momentum", "beta1", "beta2", "rms_decay"),
    *("batch_norm_momentum", "keep_prob"),
)
"""Hyperparameters that are perturbed by their distance from 1."""

NO_CHANGE = Adjusted(old={}, new={})
"""What a twin changes."""


def fork(change: Change, parent: TrialRow, body: schemas.ForkBody) -> schemas.Forked:
    """Make children of a trial.

    Raises:
        Invalid: a change or an epoch cannot be.
        Conflict: the study is stopped, or would have too many trials.
    """
    change.mark(parent)
    study_states.reopen(change)
    epoch, last_epoch = _epochs(parent, body)
    inherited = [
        entry
        for entry in histories.adjustments(change.session, change.study, parent)
        if entry.epoch is not None and entry.epoch < epoch + (body.epoch is None)
    ]
    first = change.study.next_number
    adjusted = _adjusted(change, parent, inherited, body, first)
    count = len(adjusted) + body.twin
    new_trials.make_room(change, count)
    numbers = list(range(first, first + count))
    twin = numbers[-1] if body.twin else None
    start = store.checkpoints.newest(change.session, change.study, parent.number, upto=epoch)
    origin = {
        "trial": parent.number,
        "epoch": epoch,
        "params": histories.first_params(parent),
        "twin": twin,
    }
    for number, changes in zip(numbers, [*adjusted, *[NO_CHANGE] * body.twin], strict=True):
        child = new_trials.new_row(
            change.study,
            number,
            histories.current_params(parent, inherited) | changes.new,
            last_epoch=last_epoch,
            round=parent.round,
            lineage=parent.lineage,
            seed_offset=parent.seed_offset,
            origin=origin,
            manual=True,
            adjusted=bool(inherited or changes.new),
        )
        _add_child(change, child, start, inherited)
        if changes.new:
            journal.write_adjustment(change, child, body, changes, epoch=epoch)
    if start is not None:
        _copy_training(change, parent.number, numbers, start.epoch)
    journal.write(change, parent, "fork", body, epoch=epoch, children=numbers, twin=twin)
    return schemas.Forked(children=numbers[: len(adjusted)], twin=twin)


def _epochs(parent: TrialRow, body: schemas.ForkBody) -> tuple[int, int]:
    """The epoch where the children leave, and their last one."""
    here = histories.reached_epoch(parent)
    epoch = here if body.epoch is None else body.epoch
    if epoch > here:
        raise Invalid.field("epoch", f"must be at most {here}, where the trial is")
    last_epoch = parent.last_epoch if body.epochs is None else epoch + body.epochs
    require("epochs", "epochs", last_epoch)
    if last_epoch <= epoch:
        raise Invalid.field("epochs", f"nothing is left to train after {epoch}: say how many more")
    return epoch, last_epoch


def _adjusted(
    change: Change,
    parent: TrialRow,
    inherited: Sequence[JournalRow],
    body: schemas.ForkBody,
    first: int,
) -> list[Adjusted]:
    """What each child changes, checked."""
    plan = change.plan
    return [
        plan.kind.adjust(
            plan.definition,
            plan.space,
            parent,
            inherited,
            changes,
            field=f"children[{index}].changes",
        )
        for index, changes in enumerate(_changes(change, parent, inherited, body, first))
    ]


def _changes(
    change: Change,
    parent: TrialRow,
    inherited: Sequence[JournalRow],
    body: schemas.ForkBody,
    first: int,
) -> list[dict[str, Setting]]:
    """What each child changes: as given, or perturbed by draws of its own number."""
    if body.children is not None:
        return [child.changes for child in body.children]
    definition = change.plan.definition
    assert isinstance(definition.objective, schemas.NetworkObjective)
    recipe = histories.recipe(parent, inherited, definition.objective.settings)
    perturbations = []
    for number in range(first, first + (body.count or 0)):
        changes: dict[str, Setting] = {}
        for name, factor in body.perturb.items():
            value = getattr(recipe, name, None)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise Invalid.field(f"perturb.{name}", "is no number of this network")
            draw = unit(seed=definition.seed, number=number, name=f"/fork/{name}")
            changes[name] = perturbed(name, value, factor ** (2 * draw - 1))
        perturbations.append(changes)
    return perturbations


def perturbed(name: str, value: float, factor: float) -> Setting:
    """A value times a factor; of momentum and other complements, 1 - value. An int stays one."""
    if name in COMPLEMENTS:
        return max(0.0, 1.0 - (1.0 - value) * factor)
    if isinstance(value, int):
        return max(1, round(value * factor))
    return value * factor


def _add_child(
    change: Change,
    child: TrialRow,
    start: CheckpointRow | None,
    inherited: Sequence[JournalRow],
) -> None:
    """Add a child that continues from its parent's checkpoint, with the parent's adjustments."""
    if start is not None:
        child.epoch = child.start_epoch = start.epoch
        child.value, child.best_epoch = start.value, start.best_epoch
        child.metrics = start.metrics
    store.rows.add(change.session, [child])
    change.session.flush()
    store.journal.copy(change.session, change.study, child.number, inherited, confirmed=True)


def _copy_training(change: Change, parent: int, numbers: Sequence[int], epoch: int) -> None:
    """Copy the parent's checkpoint of an epoch, and its curve up to there, to the children."""
    session, study = change.session, change.study
    store.checkpoints.copy(session, study, parent, numbers, epoch)
    points = store.curves.of(session, study, [parent])[parent]
    kept = {at: metrics for at, metrics in points.items() if at <= epoch}
    store.curves.add(session, study, dict.fromkeys(numbers, kept))
