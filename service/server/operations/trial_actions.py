"""One trial taken by the hand: what a person may do to it while it trains, or after.

Each act locks the study, changes a few fields, writes the journal, and says what follows. Whoever
acts on a trial takes it from the search: no pruner ends it and no round waits for it, until it is
given back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from caviar import engine
from caviar.sampler import SpaceError
from caviar.service.contract import limits, schemas
from caviar.service.contract.errors import Conflict, Invalid
from caviar.service.contract.schemas import NetworkObjective
from caviar.service.contract.schemas.base import Setting
from caviar.service.contract.states import FINISHED, OPEN, RequestedState, TrialState
from caviar.service.server.operations import checkpoints, journal, studies
from caviar.service.server.rules import histories, rungs
from caviar.service.server.rules import trial_details as details
from caviar.service.server.rules import trial_states as move
from caviar.service.server.rules.idempotency import Key, idempotent
from caviar.service.server.rules.plans import Plan, plan_of
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import JournalRow, StudyRow, TrialRow
from caviar.service.server.store.queries import checkpoints as checkpoint_rows
from caviar.service.server.store.queries import journal as journal_rows
from caviar.service.server.store.queries import rungs as arrivals
from caviar.service.server.store.queries import studies as study_rows
from caviar.service.server.store.queries import trials as trial_rows
from caviar.service.server.store.queries.journal import ADJUST

Work = Callable[[Session, StudyRow, TrialRow, float], None]


@dataclass(frozen=True)
class Changed:
    """Values before and after a change, by name."""

    old: dict[str, Setting]
    new: dict[str, Setting]


def act(
    database: Database, name: str, number: int, work: Work, key: Key | None = None
) -> schemas.TrialDetail:
    """Do one thing to one trial, in one transaction, and say how it stands then.

    Raises:
        NotFound: there is no such study or trial.
        Conflict: the trial's state forbids it.
        Invalid: what is asked for cannot be; nothing has changed then.
    """

    def do(session: Session) -> schemas.TrialDetail:
        study = study_rows.lock(session, name)
        now = database.now(session)

        def change() -> schemas.TrialDetail:
            row = trial_rows.get(session, study, number)
            study.revision += 1
            row.revision = study.revision
            work(session, study, row, now)
            studies.reconcile(session, study, now)
            session.flush()
            return details.of(session, study, row)

        return idempotent(session, key, schemas.TrialDetail, now, change)

    return database.write(do)


def adjust(body: schemas.AdjustBody) -> Work:
    """Other values from the next epoch on: at once, or when the trial's worker reports next."""

    def work(session: Session, study: StudyRow, row: TrialRow, now: float) -> None:
        _require(row, OPEN, "adjusted", "extend or rewind it first")
        entries = histories.holding(session, study, row)
        changed = changes_of(plan_of(study.definition), row, entries, body.changes)
        _take(session, study, row)
        write_adjustment(session, study, row, body, now, changed, epoch=_next_epoch(row))

    return work


def pause(body: schemas.ActionBody) -> Work:
    """Stop after the epoch that it is in, with a checkpoint."""

    def work(session: Session, study: StudyRow, row: TrialRow, now: float) -> None:
        _require(row, OPEN, "paused", "it trains no more")
        _take(session, study, row)
        if row.state == TrialState.RUNNING:
            row.requested_state = RequestedState.PAUSED
        else:
            row.state = TrialState.PAUSED
            row.reason = "paused by a person"
        journal.write(session, study, row, "pause", body, now, epoch=row.epoch)

    return work


def resume(body: schemas.ResumeBody) -> Work:
    """Let it go on, or give it back to the search. At its last epoch, that completes it."""

    def work(session: Session, study: StudyRow, row: TrialRow, now: float) -> None:
        _require(row, OPEN, "resumed", "extend or rewind it first")
        if body.release and not row.manual:
            raise Conflict(f"trial {row.number} is with the search already")
        if row.state == TrialState.PAUSED:
            _take(session, study, row)
        row.manual = not body.release and (row.manual or row.state == TrialState.PAUSED)
        row.requested_state = None
        if row.state == TrialState.PAUSED:
            _set_off(session, study, row, now)
        elif row.state == TrialState.WAITING:
            row.stop_epoch = rungs.next_stop(plan_of(study.definition), row)
        journal.write(
            session, study, row, "resume", body, now, epoch=row.epoch, release=body.release
        )

    return work


def rewind(body: schemas.RewindBody) -> Work:
    """Back to an epoch, as if nothing had happened since: adjustments, curve and best go with it.

    Where no checkpoint is kept of that epoch, the trial trains up to there from an earlier one,
    to the same bits. Then it waits for its person.
    """

    def work(session: Session, study: StudyRow, row: TrialRow, now: float) -> None:
        _require_network(study, "rewound")
        before = histories.reached(row)
        if body.epoch > before:
            raise Invalid.field("epoch", f"must be at most {before}, where the trial is")
        studies.reopen(study, now)
        if body.epoch < before:
            journal_rows.undo_from(session, study, row.number, body.epoch)
            checkpoint_rows.forget_after(session, study, row.number, body.epoch)
        _take(session, study, row)
        row.void, row.void_reason, row.requested_state = False, None, None
        row.last_epoch = max(row.last_epoch, before)
        move.let_wait(session, study, row)
        checkpoints.go_back(session, study, row, upto=min(row.epoch, body.epoch))
        row.attempt = 0
        if row.epoch < body.epoch:
            row.stop_epoch, row.requested_state = body.epoch, RequestedState.PAUSED_AT_STOP
            row.reason = f"trains again up to epoch {body.epoch}, to wait there for its person"
        else:
            row.state = TrialState.PAUSED
            row.stop_epoch = row.last_epoch
            row.reason = "waits for its person"
        journal.write(session, study, row, "rewind", body, now, epoch=body.epoch, before=before)

    return work


def extend(body: schemas.ExtendBody) -> Work:
    """More epochs; a trial that has completed goes on, to the same bits as if it never stopped."""

    def work(session: Session, study: StudyRow, row: TrialRow, now: float) -> None:
        _require(row, (*OPEN, TrialState.COMPLETED), "extended", "rewind it first")
        if row.last_epoch + body.epochs > limits.EPOCHS:
            raise Invalid.field("epochs", f"makes more than {limits.EPOCHS:,} epochs")
        studies.reopen(study, now)
        _take(session, study, row)
        row.last_epoch += body.epochs
        row.void, row.void_reason = False, None
        at_end = row.state == TrialState.PAUSED and row.epoch == row.last_epoch - body.epochs
        if row.state == TrialState.COMPLETED or at_end:
            row.attempt, row.seconds = 0, 0.0
            if study.kind != "network":
                row.start_epoch = row.epoch
            _set_off(session, study, row, now)
        elif row.state != TrialState.RUNNING and row.requested_state is None:
            row.stop_epoch = row.last_epoch
        journal.write(session, study, row, "extend", body, now, epoch=row.epoch, epochs=body.epochs)

    return work


def cancel(body: schemas.ActionBody) -> Work:
    """End it; what it has trained so far stays to be seen."""

    def work(session: Session, study: StudyRow, row: TrialRow, now: float) -> None:
        _require(row, OPEN, "cancelled", "it has ended")
        row.reason = f"cancelled by {body.author}" + (f": {body.reason}" if body.reason else "")
        move.end(row, TrialState.CANCELLED, now)
        checkpoints.discard(session, study, [row], plan_of(study.definition))
        journal.write(session, study, row, "cancel", body, now, epoch=row.epoch)

    return work


def void(body: schemas.VoidBody) -> Work:
    """Let a finished trial not count: not as the best, not in figures, not for rounds to come."""

    def work(session: Session, study: StudyRow, row: TrialRow, now: float) -> None:
        _require(row, FINISHED, "void", "cancel it instead")
        row.void, row.void_reason = True, body.reason
        journal.write(session, study, row, "void", body, now, epoch=None)

    return work


def unvoid(body: schemas.ActionBody) -> Work:
    """Let it count again."""

    def work(session: Session, study: StudyRow, row: TrialRow, now: float) -> None:
        if not row.void:
            raise Conflict(f"trial {row.number} is not void")
        row.void, row.void_reason = False, None
        journal.write(session, study, row, "unvoid", body, now, epoch=None)

    return work


def _take(session: Session, study: StudyRow, row: TrialRow) -> None:
    """Take a trial from the search: it waits at no rung, and trains to its end."""
    arrivals.withdraw(session, study, row.number)
    if row.state == TrialState.PAUSED and not row.manual:
        row.reason = "waits for its person"
    row.manual = True
    if row.state in (TrialState.WAITING, TrialState.PAUSED) and row.requested_state is None:
        row.stop_epoch = row.last_epoch


def _set_off(session: Session, study: StudyRow, row: TrialRow, now: float) -> None:
    """From where a paused trial is to where it stops next."""
    if row.epoch >= row.last_epoch:
        if row.value is None:
            raise Conflict(f"trial {row.number} has nothing left to train: extend it")
        move.end(row, TrialState.COMPLETED, now)
        study.finished_at = now
        row.reason = None
        return
    row.stop_epoch = rungs.next_stop(plan_of(study.definition), row)
    row.reason = None
    move.let_wait(session, study, row)


def _require(row: TrialRow, states: tuple[TrialState, ...], what: str, instead: str) -> None:
    if row.state not in states:
        raise Conflict(f"trial {row.number} is {row.state} and cannot be {what}: {instead}")


def _require_network(study: StudyRow, what: str) -> None:
    if study.kind != "network":
        raise Conflict(f"only networks can be {what}: who trains the others keeps their states")


def changes_of(
    plan: Plan,
    row: TrialRow,
    entries: Sequence[JournalRow],
    changes: dict[str, Setting],
    *,
    field: str = "changes",
) -> Changed:
    """What a change of a trial would change, after the adjustments that it has.

    Raises:
        Invalid: names what cannot change, or not to this.
    """
    objective = plan.definition.objective
    if not isinstance(objective, NetworkObjective):
        return _external_changes(plan, histories.current_params(row, entries), changes, field)
    recipe = histories.recipe(row, entries, objective.settings)
    try:
        changed = recipe.adjusted(changes)
    except engine.RecipeError as error:
        raise Invalid.field(f"{field}.{error.parameter}", error.message) from error
    return Changed(
        old={name: getattr(recipe, name) for name in changes},
        new={name: getattr(changed, name) for name in changes},
    )


def _external_changes(
    plan: Plan, old: dict[str, Setting], changes: dict[str, Setting], field: str
) -> Changed:
    """Of an objective that its caller trains: values that the space has."""
    new: dict[str, Setting] = {}
    for name, value in changes.items():
        parameter = plan.space.parameters.get(name)
        if parameter is None:
            raise Invalid.field(f"{field}.{name}", "is no parameter of the space")
        try:
            new[name] = parameter.check(value)
        except SpaceError as error:
            raise Invalid.field(f"{field}.{name}", error.message) from error
    return Changed(old={name: old[name] for name in new if name in old}, new=new)


def write_adjustment(
    session: Session,
    study: StudyRow,
    row: TrialRow,
    by: schemas.ActionBody,
    now: float,
    changed: Changed,
    *,
    epoch: int | None,
) -> None:
    """Journal an adjustment that holds from an epoch on, or from when its worker hears of it."""
    row.adjusted = True
    new, old = changed.new, changed.old
    journal.write(session, study, row, ADJUST, by, now, epoch=epoch, old=old, new=new)


def _next_epoch(row: TrialRow) -> int | None:
    """From where on a change of a trial holds; None while only its worker knows."""
    if row.requested_state == RequestedState.PAUSED_AT_STOP:
        return row.stop_epoch  # it only trains again what it had trained
    return None if row.state == TrialState.RUNNING else row.epoch
