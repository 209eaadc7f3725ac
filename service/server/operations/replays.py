"""Replays: what people did to trials, done again in a study of its own, on any seed.

A replay has a trial for each that a person acted on, with the same lineage, first parameters and
adjustments, at the same epochs. So on the same seed it gives the same bits, and on another seed it
tells whether the actions helped or the seed did.
"""

from __future__ import annotations

from collections.abc import Sequence

from caviar.service.contract import schemas
from caviar.service.contract.errors import Conflict
from caviar.service.contract.states import TrialState
from caviar.service.server import store
from caviar.service.server.operations.change_study import change_study
from caviar.service.server.rules import datasets, histories, new_trials, presenters
from caviar.service.server.rules.change import Change
from caviar.service.server.rules.idempotency import Key
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import StudyRow, TrialRow

WHOLE = (TrialState.COMPLETED, TrialState.DIVERGED, TrialState.FAILED)
"""States of trials that are replayed to their end; others to the epoch that they reached."""


def replay(
    database: Database, name: str, body: schemas.ReplayBody, key: Key | None = None
) -> schemas.Study:
    """Make the study, and start it.

    Raises:
        NotFound: there is no study to replay.
        Conflict: no trial of it is under manual control, or the new name is taken.
    """

    def work(change: Change) -> schemas.Study:
        return _replay(change, body)

    return change_study(database, name, work, answer=schemas.Study, key=key)


def _replay(change: Change, body: schemas.ReplayBody) -> schemas.Study:
    session, source = change.session, change.study
    rows = [row for row in store.journal.acted_on(session, source) if row.epoch]
    if not rows or not change.plan.kind.restores_any_epoch:
        raise Conflict(f"no network of study {source.name!r} is under manual control")
    if store.studies.find(session, body.name) is not None:
        raise Conflict(f"there is a study named {body.name!r} already: choose another name")
    datasets.require(session, change.plan.definition)
    copy = store.rows.new(
        StudyRow,
        name=body.name,
        kind=source.kind,
        definition=_definition(change, body, rows),
        next_number=len(rows),
        created_at=change.now,
    )
    store.studies.add(session, copy)
    for number, row in enumerate(rows):
        _copy(change, row, copy, number)
    session.flush()
    return presenters.studies.study(session, copy)


def _definition(change: Change, body: schemas.ReplayBody, rows: Sequence[TrialRow]) -> str:
    """The definition of the new study as JSON: that of the source, without search and pruning."""
    definition = change.plan.definition
    changes = {
        "name": body.name,
        "seed": definition.seed if body.seed is None else body.seed,
        "mode": "caviar",
        "pruner": schemas.PrunerOptions(),
        "pauses": [],
        "budget": schemas.Budget(trials=len(rows)),
    }
    return definition.model_copy(update=changes).model_dump_json()


def _copy(change: Change, row: TrialRow, study: StudyRow, number: int) -> None:
    """Add a trial's copy, with those of its adjustments whose epoch is known."""
    session = change.session
    adjustments = histories.adjustments(session, change.study, row)
    entries = [entry for entry in adjustments if entry.epoch is not None]
    copied = new_trials.new_row(
        study,
        number,
        row.params,
        last_epoch=row.last_epoch if row.state in WHOLE else row.epoch,
        lineage=row.lineage,
        seed_offset=row.seed_offset,
        origin={"params": histories.first_params(row), "replay_of": row.number},
        manual=True,
        adjusted=bool(entries),
    )
    store.rows.add(session, [copied])
    session.flush()
    store.journal.copy(session, study, number, entries, confirmed=False)
