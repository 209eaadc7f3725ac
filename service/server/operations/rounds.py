"""Rounds: the next one is planned when all trials before it have ended; readers list them."""

from __future__ import annotations

from caviar.service.contract import schemas
from caviar.service.server import store
from caviar.service.server.operations.change_study import change_study
from caviar.service.server.rules import presenters, rounds, study_states
from caviar.service.server.rules.change import Change
from caviar.service.server.rules.presenters.times import timestamp
from caviar.service.server.store.database import Database


def open_next(database: Database, name: str) -> None:
    """Plan the next round of a study and store it.

    The fit happens between two transactions, so that reports are not kept waiting. When another
    server was faster, its round stands: both fitted the same results, so both are the same.
    """
    with database.read() as session:
        study = store.studies.get(session, name)
        before = rounds.standing(session, study)
        is_early = before.any_awaited and before.plan.waits
        if is_early or not rounds.is_due(before.next_number, before.budget, before.last):
            # Another ask was faster. It may even have leased the whole round that this one
            # came for: the round after it is due only when those trials have ended.
            return
    planned = before.plan_next()

    def work(change: Change) -> None:
        session, study = change.session, change.study
        if rounds.mark(study, rounds.current(session, study)) != before.mark:
            return
        change.mark()
        if planned.size:
            rounds.add(session, study, planned)
            change.say(f"round {planned.number} opens with {planned.size} trials")
        else:
            rounds.exhaust(change)
            study_states.reconcile(change)

    change_study(database, name, work)


def show(database: Database, name: str) -> tuple[str, int, bytes]:
    """Every round of a study as JSON, with the time of the study's creation and its revision.

    Raises:
        NotFound: there is no study of this name.
    """
    with database.read() as session:
        study = store.studies.get(session, name)
        listed = schemas.RoundList(rounds=presenters.rounds.rounds(session, study))
    return timestamp(study.created_at), study.revision, listed.model_dump_json().encode()
