"""Forks: children that go on from an epoch of their parent, each in its own way.

A child has its parent's line: the same first parameters, the same draws of weights, dropout and
shuffles, the same adjustments up to the epoch where it leaves. So its bits depend on nothing but
the study's seed, its line, and the adjustments that its journal tells; and a twin, which changes
nothing, goes on as the parent would. Children come on top of the budget, and the rest of the round
proposes behind them what it would have proposed without them; the rounds after it are numbered
otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from caviar.sampler.draws import unit
from caviar.service.contract import limits, schemas
from caviar.service.contract.errors import Conflict, Invalid
from caviar.service.contract.schemas.base import Setting
from caviar.service.server.operations import journal, studies, trials
from caviar.service.server.operations import trial_actions as panda
from caviar.service.server.rules import extras, histories
from caviar.service.server.rules.idempotency import Key, idempotent
from caviar.service.server.rules.plans import Plan, plan_of
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import CheckpointRow, JournalRow, StudyRow, TrialRow
from caviar.service.server.store.queries import checkpoints, curves
from caviar.service.server.store.queries import journal as journal_rows
from caviar.service.server.store.queries import studies as study_rows
from caviar.service.server.store.queries import trials as trial_rows

COMPLEMENTS = (
    *("momentum", "beta1", "beta2", "rms_decay"),
    *("batch_norm_momentum", "keep_prob"),
)
"""What is perturbed by its distance from 1."""

NOTHING = panda.Changed(old={}, new={})
"""What a twin changes."""


def fork(
    database: Database, name: str, number: int, body: schemas.ForkBody, key: Key | None = None
) -> schemas.Forked:
    """Make children of a trial, as one transaction.

    Raises:
        NotFound: there is no such study or trial.
        Invalid: a change or an epoch cannot be; nothing has changed then.
        Conflict: the study is stopped, or its caller trains.
    """

    def work(session: Session) -> schemas.Forked:
        study = study_rows.lock(session, name)
        now = database.now(session)

        def make() -> schemas.Forked:
            parent = trial_rows.get(session, study, number)
            study.revision += 1
            made = _fork(session, study, parent, body, now)
            parent.revision = study.revision
            studies.reconcile(session, study, now)
            return made

        return idempotent(session, key, schemas.Forked, now, make)

    return database.write(work)


def _fork(
    session: Session, study: StudyRow, parent: TrialRow, body: schemas.ForkBody, now: float
) -> schemas.Forked:
    if study.kind != "network":
        raise Conflict("only networks can be forked: who trains the others keeps their states")
    studies.reopen(study, now)
    here = histories.reached(parent)
    epoch = here if body.epoch is None else body.epoch
    if epoch > here:
        raise Invalid.field("epoch", f"must be at most {here}, where the trial is")
    last_epoch = parent.last_epoch if body.epochs is None else epoch + body.epochs
    if not epoch < last_epoch <= limits.EPOCHS:
        raise Invalid.field("epochs", f"nothing is left to train after {epoch}: say how many more")
    inherited = [
        entry
        for entry in histories.holding(session, study, parent)
        if entry.epoch is not None and entry.epoch < epoch + (body.epoch is None)
    ]
    plan = plan_of(study.definition)
    first = study.next_number
    changes = _changes(plan, parent, inherited, body, first)
    edited = [
        panda.changes_of(plan, parent, inherited, each, field=f"children[{index}].changes")
        for index, each in enumerate(changes)
    ]
    count = len(edited) + body.twin
    extras.make_room(session, study, plan, count)
    numbers = list(range(first, first + count))
    twin = numbers[-1] if body.twin else None
    origin = {
        "trial": parent.number,
        "epoch": epoch,
        "params": histories.base(parent),
        "twin": twin,
    }
    start = checkpoints.newest(session, study, parent.number, upto=epoch)
    for child_number, changed in zip(numbers, [*edited, *[NOTHING] * body.twin], strict=True):
        child = trials.new_row(
            study,
            child_number,
            histories.current_params(parent, inherited) | changed.new,
            last_epoch=last_epoch,
            round=parent.round,
            lineage=parent.lineage,
            seed_offset=parent.seed_offset,
            origin=origin,
            manual=True,
            adjusted=bool(inherited or changed.new),
        )
        _begin_at(child, start)
        session.add(child)
        session.flush()
        journal_rows.copy(session, study, child_number, inherited, confirmed=True)
        if changed.new:
            panda.write_adjustment(session, study, child, body, now, changed, epoch=epoch)
    if start is not None:
        checkpoints.copy(session, study, parent.number, numbers, start.epoch)
        _copy_curve(session, study, parent.number, numbers, start.epoch)
    children = numbers[: len(edited)]
    journal.write(
        session, study, parent, "fork", body, now, epoch=epoch, children=numbers, twin=twin
    )
    return schemas.Forked(children=children, twin=twin)


def _begin_at(child: TrialRow, start: CheckpointRow | None) -> None:
    """Let a child go on from its parent's checkpoint, with the best so far."""
    if start is not None:
        child.epoch = child.start_epoch = start.epoch
        child.value, child.best_epoch = start.value, start.best_epoch
        child.metrics = start.metrics


def _changes(
    plan: Plan,
    parent: TrialRow,
    inherited: Sequence[JournalRow],
    body: schemas.ForkBody,
    first: int,
) -> list[dict[str, Setting]]:
    """What each child changes: as given, or perturbed by draws that are the child's own."""
    if body.children is not None:
        return [child.changes for child in body.children]
    objective = plan.definition.objective
    assert isinstance(objective, schemas.NetworkObjective)
    recipe = histories.recipe(parent, inherited, objective.settings)
    found = []
    for number in range(first, first + (body.count or 0)):
        changes: dict[str, Setting] = {}
        for name, factor in body.perturb.items():
            value = getattr(recipe, name, None)
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise Invalid.field(f"perturb.{name}", "is no number of this network")
            draw = unit(seed=plan.definition.seed, number=number, name=f"/fork/{name}")
            changes[name] = perturbed(name, value, factor ** (2 * draw - 1))
        found.append(changes)
    return found


def perturbed(name: str, value: float, factor: float) -> Setting:
    """A value times a factor; of momentum and its kin the distance from 1. An int stays one."""
    if name in COMPLEMENTS:
        return max(0.0, 1.0 - (1.0 - value) * factor)
    if isinstance(value, int):
        return max(1, round(value * factor))
    return value * factor


def _copy_curve(
    session: Session, study: StudyRow, parent: int, numbers: Sequence[int], epoch: int
) -> None:
    points = curves.of(session, study, [parent])[parent]
    kept = {at: metrics for at, metrics in points.items() if at <= epoch}
    curves.add(session, study, dict.fromkeys(numbers, kept))
