"""What workers send: reports of epochs, and the results that end trials."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy.orm import Session

from caviar.service.contract import schemas
from caviar.service.contract.errors import STALE_LEASE, Invalid
from caviar.service.contract.states import FINISHED, RequestedState, TrialState
from caviar.service.server.operations import checkpoints, journal, studies
from caviar.service.server.rules import rungs
from caviar.service.server.rules import trial_states as transitions
from caviar.service.server.rules.idempotency import Key, idempotent
from caviar.service.server.rules.plans import Plan, plan_of
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import StudyRow, TrialRow
from caviar.service.server.store.queries import curves
from caviar.service.server.store.queries import studies as study_rows
from caviar.service.server.store.queries import trials as trial_rows

STALE = schemas.Problem.model_validate(STALE_LEASE)


def report(database: Database, name: str, body: schemas.ReportBody) -> schemas.ReportAnswer:
    """Store metrics of many epochs of many trials, renew their leases, decide what comes next.

    Raises:
        NotFound: there is no study of this name.
        Invalid: an epoch lies beyond its segment; nothing is stored then.
    """

    def work(session: Session) -> schemas.ReportAnswer:
        study = study_rows.lock(session, name)
        now = database.now(session)
        rows = trial_rows.by_number(session, study, [item.number for item in body.reports])
        decisions: dict[int, schemas.Decision] = {}
        changed: set[int] = set()
        points: dict[int, dict[int, dict[str, float]]] = {}
        for number, items in _heard(rows, body, decisions).items():
            row = rows[number]
            if metrics := {item.epoch: item.metrics for item in items if item.metrics}:
                points[number] = metrics
            if _advance(study, row, max(item.epoch for item in items)) or metrics:
                changed.add(number)
            transitions.renew(row, now, prefetched=all(item.prefetched for item in items))
            for epoch in [item.adjusted_at for item in items if item.adjusted_at is not None]:
                journal.confirm(session, study, row, epoch)
        if changed:
            study.revision += 1
            for number in changed:
                rows[number].revision = study.revision
            session.flush()
            curves.add(session, study, points)
        _tell_wishes(session, study, body, rows, decisions)
        return schemas.ReportAnswer(decisions=list(decisions.values()))

    return database.write(work)


def _heard(
    rows: dict[int, TrialRow], body: schemas.ReportBody, decisions: dict[int, schemas.Decision]
) -> dict[int, list[schemas.Report]]:
    """By trial, the reports that came with its lease; decides for each trial to go on or stop."""
    heard: dict[int, list[schemas.Report]] = defaultdict(list)
    for index, item in enumerate(body.reports):
        number = item.number
        row = rows.get(number)
        if row is None or not transitions.holds(row, item.lease):
            decisions[number] = schemas.Decision(number=number, action="stop", problem=STALE)
            continue
        _require_in_segment(row, item.epoch, f"reports[{index}].epoch")
        heard[number].append(item)
        if number not in decisions:
            decisions[number] = schemas.Decision(number=number, action="continue")
    return heard


def tell(
    database: Database, name: str, body: schemas.TellBody, key: Key | None = None
) -> schemas.TellAnswer:
    """End trials with their results; a result without the current lease is refused by itself.

    Raises:
        NotFound: there is no study of this name.
        Invalid: an epoch lies beyond its segment; nothing is stored then.
    """

    def work(session: Session) -> schemas.TellAnswer:
        study = study_rows.lock(session, name)
        now = database.now(session)
        return idempotent(
            session, key, schemas.TellAnswer, now, lambda: _record(session, study, body, now)
        )

    return database.write(work)


def _record(
    session: Session, study: StudyRow, body: schemas.TellBody, now: float
) -> schemas.TellAnswer:
    rows = trial_rows.by_number(session, study, [item.number for item in body.results])
    recorded: list[schemas.Recorded] = []
    study.revision += 1
    for index, item in enumerate(body.results):
        row = rows.get(item.number)
        if row is None or not transitions.holds(row, item.lease):
            recorded.append(schemas.Recorded(number=item.number, recorded=False, problem=STALE))
            continue
        if item.epoch is not None:
            _require_in_segment(row, item.epoch, f"results[{index}].epoch")
        transitions.count_time(row, now)
        if item.state == "waiting" and item.crashed:
            how = item.reason or f"its process died in {row.attempt} attempts"
            transitions.expire(session, study, row, now, how=how)
        elif item.state == "waiting":
            transitions.release(session, study, row)
        else:
            _end_segment(session, study, row, item, now)
        recorded.append(schemas.Recorded(number=item.number, recorded=True))
    told = [rows[item.number] for item in recorded if item.recorded]
    if not told:
        study.revision -= 1
        return schemas.TellAnswer(results=recorded)
    ended = [row for row in told if row.state in FINISHED]
    if ended:
        study.finished_at = now
        checkpoints.discard(session, study, ended, plan_of(study.definition))
    studies.reconcile(session, study, now)
    session.flush()
    return schemas.TellAnswer(results=_wanted(session, study, ended, recorded))


def _wanted(
    session: Session, study: StudyRow, ended: list[TrialRow], recorded: list[schemas.Recorded]
) -> list[schemas.Recorded]:
    """The entries, with the wish for the checkpoint of a trial that is the best from now on."""
    if study.kind != "network" or not ended:
        return recorded
    best = trial_rows.best(session, study, maximize=plan_of(study.definition).maximize)
    numbers = {row.number for row in ended}
    return [
        item.model_copy(update={"keep": True})
        if best is not None and item.recorded and item.number == best.number in numbers
        else item
        for item in recorded
    ]


def _end_segment(
    session: Session, study: StudyRow, row: TrialRow, item: schemas.Result, now: float
) -> None:
    """Record a result, and what comes next for its trial."""
    plan = plan_of(study.definition)
    at_stop = item.epoch is None or item.epoch == row.stop_epoch
    if item.state == "paused":
        at_stop = False
    _advance(study, row, row.stop_epoch if item.epoch is None and at_stop else item.epoch or 0)
    row.value = item.value
    row.best_epoch = item.best_epoch
    row.metrics = item.metrics
    row.reason = item.reason
    row.revision = study.revision
    if item.state == "paused":
        _rest(study, row, "paused by a person")
    elif item.state == "completed" and at_stop and row.stop_epoch < row.last_epoch:
        _go_on(session, study, plan, row)
    elif (
        item.state == "completed" and (row.requested_state is not None or plan.panda) and row.manual
    ):
        _rest(study, row, "waits for its person")
    else:
        transitions.end(row, TrialState(item.state), now)


def _go_on(session: Session, study: StudyRow, plan: Plan, row: TrialRow) -> None:
    """From the end of a segment that is not the trial's: to rest, to its rung, or to train on."""
    resting = row.requested_state is not None
    _rest(study, row, "waits for its person")
    if resting:
        return
    if rungs.at_rung(plan, row):
        rungs.arrive(session, study, plan, row)
    else:
        row.reason = None
        row.stop_epoch = rungs.next_stop(plan, row)
        transitions.let_wait(session, study, row)


def _rest(study: StudyRow, row: TrialRow, reason: str) -> None:
    """Let a trial pause where it is; the next segment has all its attempts before it."""
    row.state = TrialState.PAUSED
    row.lease_expires_at = None
    row.attempt = 0
    row.requested_state = None
    row.reason = reason
    if row.manual:
        row.stop_epoch = row.last_epoch
    if study.kind != "network":
        row.start_epoch = row.epoch  # unless it left a checkpoint, who trains it has what it needs


def _tell_wishes(
    session: Session,
    study: StudyRow,
    body: schemas.ReportBody,
    rows: dict[int, TrialRow],
    decisions: dict[int, schemas.Decision],
) -> None:
    """Let workers know what persons want of their trials, once they have begun."""
    begun = {item.number for item in body.reports if not item.prefetched}
    for number in begun & rows.keys():
        row, decision = rows[number], decisions[number]
        if decision.action != "continue":
            continue
        if row.adjusted:
            decision.adjustments = journal.take(session, study, row)
            decision.adjust_epoch = row.epoch if decision.adjustments else None
        if row.requested_state == RequestedState.PAUSED:
            decision.action = "pause"


def _require_in_segment(row: TrialRow, epoch: int, field: str) -> None:
    if epoch > row.stop_epoch:
        raise Invalid.field(field, f"must be at most {row.stop_epoch}, where the segment stops")


def _advance(study: StudyRow, row: TrialRow, epoch: int) -> bool:
    """Count the epochs trained since the last report; whether there are any."""
    if epoch <= row.epoch:
        return False
    study.epochs_trained += epoch - row.epoch
    row.epoch = epoch
    return True
