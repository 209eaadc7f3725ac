"""What workers send: reports of epochs, and the results that end trials."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy.orm import Session

from service import leases, schemas, studies
from service.database import Database
from service.errors import STALE_LEASE, Invalid
from service.idempotency import Key, once
from service.models import StudyRow, TrialRow
from service.states import TrialState
from service.store import curves
from service.store import studies as study_rows
from service.store import trials as trial_rows

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
        points: dict[int, dict[int, dict[str, float]]] = defaultdict(dict)
        changed: set[int] = set()
        decisions: dict[int, schemas.Decision] = {}
        for index, item in enumerate(body.reports):
            row = rows.get(item.number)
            if row is None or not leases.holds(row, item.lease):
                decisions[item.number] = schemas.Decision(
                    number=item.number, action="stop", problem=STALE
                )
                continue
            _require_in_segment(row, item.epoch, f"reports[{index}].epoch")
            if item.metrics:
                points[item.number][item.epoch] = item.metrics
            if _advance(study, row, item.epoch) or item.metrics:
                changed.add(item.number)
            leases.renew(row, now, held=item.held)
            decisions.setdefault(
                item.number, schemas.Decision(number=item.number, action="continue")
            )
        if changed:
            study.revision += 1
            for number in changed:
                rows[number].revision = study.revision
            session.flush()
            curves.add(session, study, points)
        return schemas.ReportAnswer(decisions=list(decisions.values()))

    return database.write(work)


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
        return once(
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
        if row is None or not leases.holds(row, item.lease):
            recorded.append(schemas.Recorded(number=item.number, recorded=False, problem=STALE))
            continue
        if item.epoch is not None:
            _require_in_segment(row, item.epoch, f"results[{index}].epoch")
        if item.state == "waiting":
            leases.give_back(study, row)
        else:
            _finish(study, row, item, now)
        recorded.append(schemas.Recorded(number=item.number, recorded=True))
    if any(item.recorded for item in recorded):
        study.finished_at = now
        studies.complete_if_done(session, study)
    else:
        study.revision -= 1
    session.flush()
    return schemas.TellAnswer(results=recorded)


def _finish(study: StudyRow, row: TrialRow, item: schemas.Result, now: float) -> None:
    _advance(study, row, row.stop_epoch if item.epoch is None else item.epoch)
    row.value = item.value
    row.best_epoch = item.best_epoch
    row.metrics = item.metrics
    row.reason = item.reason
    row.revision = study.revision
    leases.end(row, TrialState(item.state), now)


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
