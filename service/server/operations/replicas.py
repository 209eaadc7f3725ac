"""Replicas: the best trials trained again on fresh seeds, to see whether their values hold.

The best of many trials owes some of its value to noise: the same params give a worse value as a
rule. Replicas are trials of their own kind, on top of the budget. The search does not propose them
or learn from them, they wait at no rung, no round waits for them, and they are never the best of
their study.
"""

from __future__ import annotations

from caviar.service.contract import schemas
from caviar.service.contract.errors import Conflict
from caviar.service.server import store
from caviar.service.server.operations.change_study import change_study
from caviar.service.server.rules import new_trials, presenters, study_states
from caviar.service.server.rules.change import Change
from caviar.service.server.rules.idempotency import Key
from caviar.service.server.rules.presenters.times import timestamp
from caviar.service.server.store.database import Database


def replicate(
    database: Database, name: str, body: schemas.ReplicateBody, key: Key | None = None
) -> schemas.Replicates:
    """Let the best params be trained again, `seeds` times each.

    Raises:
        NotFound: there is no study of this name.
        Conflict: nothing has completed yet, or the study trains no more.
    """

    def work(change: Change) -> schemas.Replicates:
        _add(change, body)
        return presenters.replicas.replicates(change.session, change.study)

    return change_study(database, name, work, answer=schemas.Replicates, key=key)


def _add(change: Change, body: schemas.ReplicateBody) -> None:
    session, study = change.session, change.study
    originals = store.replicas.originals(
        session, study, count=body.top, maximize=change.plan.maximize
    )
    if not originals:
        raise Conflict("no trial has completed by its params alone: there is nothing to replicate")
    study_states.reopen(change)
    change.mark()
    first = study.next_number
    new_trials.make_room(change, len(originals) * body.seeds)
    current = store.rounds.last(session, study)
    used = store.replicas.offsets(session, study, (row.number for row in originals))
    # Seed by seed, so that replicas of one seed, which train together, are leased together.
    wanted = [(row, seed) for seed in range(1, body.seeds + 1) for row in originals]
    replicas = [
        new_trials.new_row(
            study,
            number,
            dict(row.params),
            last_epoch=row.last_epoch,
            round=0 if current is None else current.number,
            replica_of=row.number,
            seed_offset=used.get(row.number, 0) + seed,
        )
        for number, (row, seed) in enumerate(wanted, start=first)
    ]
    store.rows.add(session, replicas)
    session.flush()
    study_states.reconcile(change)


def show(database: Database, name: str) -> tuple[str, int, bytes]:
    """The replicas of a study as JSON, with the time of its creation and its revision.

    Raises:
        NotFound: there is no study of this name.
    """
    with database.read() as session:
        study = store.studies.get(session, name)
        table = presenters.replicas.replicates(session, study)
    return timestamp(study.created_at), study.revision, table.model_dump_json().encode()
