"""Rows as the bodies that readers get."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from caviar.sampler import Observation, Round, box_ranges, edge_alarms, round_space, whole_box
from caviar.service.contract import schemas
from caviar.service.contract.states import FINISHED, StudyState, TrialState
from caviar.service.server.rules import advice, budgets, seeds
from caviar.service.server.rules.plans import Plan
from caviar.service.server.store.models import JournalRow, StudyRow, TrialRow


def timestamp(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC, to the millisecond."""
    return (
        datetime.fromtimestamp(seconds, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


def trial(row: TrialRow) -> schemas.Trial:
    """A row of the table of trials."""
    return schemas.Trial(
        number=row.number,
        state=TrialState(row.state),
        params=row.params,
        value=row.value,
        epoch=row.epoch,
        best_epoch=row.best_epoch,
        metrics=row.metrics,
        round=row.round,
        attempt=row.attempt,
        worker=row.worker,
        started_at=_when(row.started_at),
        finished_at=_when(row.finished_at),
        reason=row.reason,
        void=row.void,
        void_reason=row.void_reason,
        last_epoch=row.last_epoch,
        manual=row.manual,
        parent=(row.origin or {}).get("trial"),
        enqueued=row.enqueued,
        replica_of=row.replica_of,
        revision=row.revision,
    )


def leased_trial(
    study: StudyRow, row: TrialRow, plan: Plan, history: schemas.History | None
) -> schemas.LeasedTrial:
    """A trial as its worker gets it. The row must be running."""
    assert row.lease_token is not None
    assert row.lease_expires_at is not None
    return schemas.LeasedTrial(
        study=study.name,
        number=row.number,
        params=row.params,
        start_epoch=row.start_epoch,
        stop_epoch=row.stop_epoch,
        attempt=row.attempt,
        seconds=row.seconds,
        seed=seeds.of(plan, row),
        lease=schemas.Lease(token=row.lease_token, expires_at=timestamp(row.lease_expires_at)),
        best=None if row.value is None else best(row),
        leave_checkpoint=row.stop_epoch < row.last_epoch or row.manual or plan.panda,
        history=history,
    )


def best(row: TrialRow) -> schemas.Best:
    """The best of a trial so far. The row must have a value."""
    assert row.value is not None
    return schemas.Best(value=row.value, epoch=row.best_epoch, metrics=row.metrics)


def study(
    row: StudyRow,
    plan: Plan,
    *,
    counts: dict[TrialState, int],
    void: int,
    best: TrialRow | None,
    current_round: int | None,
    warm_start_trials: int = 0,
) -> schemas.Study:
    """A study as it stands, with its definition."""
    definition = plan.definition.model_dump(mode="json")
    return schemas.Study(
        **definition,
        state=StudyState(row.state),
        trials=counts,
        void=void,
        best=None if best is None else trial(best),
        round=current_round,
        warm_start_trials=warm_start_trials,
        warnings=[
            schemas.Advice(field=each.field, message=each.message) for each in advice.of(plan)
        ],
        progress=_progress(row, plan, counts, void),
        revision=row.revision,
        created_at=timestamp(row.created_at),
    )


def _progress(
    row: StudyRow, plan: Plan, counts: dict[TrialState, int], void: int
) -> schemas.Progress:
    finished = void + sum(counts[state] for state in FINISHED)
    total = max(budgets.trials(row, plan), row.next_number)
    seconds = max(0.0, (row.finished_at or 0.0) - (row.started_at or 0.0))
    eta = None
    if row.state == StudyState.RUNNING and finished and seconds:
        eta = seconds / finished * max(0, total - finished)
    return schemas.Progress(
        finished=finished,
        total=total,
        epochs_trained=row.epochs_trained,
        seconds=round(seconds, 3),
        eta_seconds=None if eta is None else round(eta, 3),
    )


def round_(
    found: Round,
    plan: Plan,
    *,
    stop: int,
    enqueued: int,
    manual: bool,
    closed: bool,
    elites: Sequence[Observation],
    reason: str,
) -> schemas.Round:
    """A round up to trial `stop`, its box also in natural units, and the alarms of its elites."""
    space = round_space(plan.space, found)
    return schemas.Round(
        number=found.number,
        state="closed" if closed else "open",
        first_trial=found.first,
        trials=max(0, stop - found.first),
        enqueued=enqueued,
        manual=manual,
        box={name: list(interval) for name, interval in found.box.items()},
        ranges=box_ranges(space, found.box),
        whole=box_ranges(space, whole_box(space.parameters)),
        elites=[number for number in found.elites if number >= 0],
        alarms=[schemas.Alarm(**vars(alarm)) for alarm in edge_alarms(space, elites)],
        reason=reason,
    )


def _when(seconds: float | None) -> str | None:
    return None if seconds is None else timestamp(seconds)


def journal_entry(row: JournalRow) -> schemas.JournalEntry:
    """An entry of the journal."""
    return schemas.JournalEntry(
        id=row.id,
        number=row.number,
        action=row.action,
        epoch=row.epoch,
        detail=row.detail,
        author=row.author,
        reason=row.reason,
        at=timestamp(row.at),
        confirmed=row.confirmed,
        undone=row.undone,
    )
