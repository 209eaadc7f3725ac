"""Replays: what persons did to trials, done again in a study of its own, on any seed.

A replay has a trial for each that a person touched, with the same line, first parameters and
adjustments, at the same epochs. So on the same seed it gives the same bits, and on another seed it
tells whether what helped was the hand or the luck.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from caviar.service.contract import schemas
from caviar.service.contract.errors import Conflict
from caviar.service.contract.states import StudyState, TrialState
from caviar.service.server.operations import studies, trials
from caviar.service.server.rules import histories
from caviar.service.server.rules.idempotency import Key, idempotent
from caviar.service.server.rules.plans import plan_of
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import StudyRow, TrialRow
from caviar.service.server.store.queries import journal as journal_rows
from caviar.service.server.store.queries import studies as study_rows

WHOLE = (TrialState.COMPLETED, TrialState.DIVERGED, TrialState.FAILED)
"""States of trials that are replayed to their end; others to the epoch that they came to."""


def replay(
    database: Database, name: str, body: schemas.ReplayBody, key: Key | None = None
) -> schemas.Study:
    """Make the study, and start it.

    Raises:
        NotFound: there is no study to replay.
        Conflict: no person touched a trial of it, or the new name is taken.
    """

    def work(session: Session) -> schemas.Study:
        source = study_rows.lock(session, name)
        now = database.now(session)
        return idempotent(
            session, key, schemas.Study, now, lambda: _replay(session, source, body, now)
        )

    return database.write(work)


def _replay(
    session: Session, source: StudyRow, body: schemas.ReplayBody, now: float
) -> schemas.Study:
    rows = [row for row in journal_rows.touched(session, source) if row.epoch]
    if not rows or source.kind != "network":
        raise Conflict(f"no person has a network of study {source.name!r} by the hand")
    if study_rows.find(session, body.name) is not None:
        raise Conflict(f"there is a study named {body.name!r} already: choose another name")
    definition = plan_of(source.definition).definition
    changes = {
        "name": body.name,
        "seed": definition.seed if body.seed is None else body.seed,
        "mode": "caviar",
        "pruner": schemas.PrunerOptions(),
        "budget": schemas.Budget(trials=len(rows)),
    }
    made = StudyRow(
        name=body.name,
        kind=source.kind,
        state=StudyState.RUNNING,
        definition=definition.model_copy(update=changes).model_dump_json(),
        revision=1,
        next_number=len(rows),
        epochs_trained=0,
        seconds_spent=0.0,
        created_at=now,
        started_at=None,
        finished_at=None,
    )
    study_rows.add(session, made)
    for number, row in enumerate(rows):
        _copy(session, source, row, made, number)
    session.flush()
    return studies.view(session, made)


def _copy(session: Session, source: StudyRow, row: TrialRow, made: StudyRow, number: int) -> None:
    entries = [entry for entry in histories.holding(session, source, row) if histories.known(entry)]
    copied = trials.new_row(
        made,
        number,
        row.params,
        last_epoch=row.last_epoch if row.state in WHOLE else row.epoch,
        lineage=row.lineage,
        seed_offset=row.seed_offset,
        origin={"params": histories.base(row), "replay_of": row.number},
        manual=True,
        adjusted=bool(entries),
    )
    session.add(copied)
    session.flush()
    journal_rows.copy(session, made, number, entries, confirmed=False)
