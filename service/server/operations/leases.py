"""Leases: a worker's right to train a segment until a deadline.

Asking gives them, reporting renews them, the reaper takes back what ran out. The token fences
the results: only the holder of the current lease of a running trial is listened to.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from sqlalchemy.orm import Session

from caviar.service.contract import schemas
from caviar.service.contract.errors import Conflict, NotFound
from caviar.service.contract.states import StudyState, TrialState
from caviar.service.server.operations import checkpoints, rounds, studies, trials
from caviar.service.server.rules import budgets, histories
from caviar.service.server.rules import presenters as views
from caviar.service.server.rules import trial_states as transitions
from caviar.service.server.rules.idempotency import Key, idempotent
from caviar.service.server.rules.plans import Plan, plan_of
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import StudyRow, TrialRow
from caviar.service.server.store.queries import answers
from caviar.service.server.store.queries import rounds as round_rows
from caviar.service.server.store.queries import studies as study_rows
from caviar.service.server.store.queries import trials as trial_rows

PATIENCE = 5
"""How many rounds may open between two tries of one ask."""


@dataclass(frozen=True)
class RoundIsDue:
    """The study has nothing to lease until its next round is planned."""


def ask(
    database: Database, name: str, body: schemas.AskBody, key: Key | None = None
) -> schemas.AskAnswer:
    """Lease up to `count` trials: first those that wait, then new ones of the current round.

    Raises:
        NotFound: there is no study of this name.
    """

    def work(session: Session) -> schemas.AskAnswer | RoundIsDue:
        row = study_rows.lock(session, name)
        now = database.now(session)
        return idempotent(
            session, key, schemas.AskAnswer, now, lambda: _lease(session, row, body, now)
        )

    for _ in range(PATIENCE):
        answer = database.write(work)
        if not isinstance(answer, RoundIsDue):
            return answer
        rounds.open_next(database, name)
    raise Conflict(f"study {name!r} opens round after round without a trial")


def ask_any(
    database: Database, body: schemas.AskAnyBody, key: Key | None = None
) -> schemas.AskAnswer:
    """Lease trials of any running study whose objective is of the kind, the oldest study first."""
    with database.read() as session:
        names = study_rows.running(session, body.objective)
    leased: list[schemas.LeasedTrial] = []
    for name in names:
        left = body.model_copy(update={"count": body.count - len(leased)})
        with suppress(NotFound):  # deleted a moment ago
            leased += ask(database, name, left, key.within(name) if key else None).trials
        if len(leased) == body.count:
            break
    state = StudyState.RUNNING if names else StudyState.COMPLETED
    return schemas.AskAnswer(trials=leased, study_state=state)


def _lease(
    session: Session, study: StudyRow, body: schemas.AskBody, now: float
) -> schemas.AskAnswer | RoundIsDue:
    reclaim(session, study, now)
    leased: list[TrialRow] = []
    plan = plan_of(study.definition)
    if budgets.out_of_time(study, plan, now):
        studies.end_in_time(session, study, now)
    elif study.state == StudyState.RUNNING:
        leased += trial_rows.waiting(session, study, body.count)
        leased += _propose(session, study, plan, body.count - len(leased))
        if not leased and rounds.may_open(session, study, plan):
            return RoundIsDue()
    for trial in leased:
        _give(trial, body, now)
    if leased:
        study.started_at = study.started_at or now
        budgets.start_clock(study, now)
        study.revision += 1
        for trial in leased:
            trial.revision = study.revision
    session.flush()
    return schemas.AskAnswer(
        trials=[
            views.leased_trial(study, trial, plan, histories.history(session, study, trial))
            for trial in leased
        ],
        study_state=StudyState(study.state),
    )


def _propose(session: Session, study: StudyRow, plan: Plan, count: int) -> list[TrialRow]:
    """New trials of the current round, as many as it and the budget have left."""
    current = round_rows.last(session, study)
    if current is None:
        return []
    stage = rounds.Stage.of(current)
    end = min(stage.stop, budgets.trials(study, plan))
    numbers = range(study.next_number, min(end, study.next_number + count))
    return trials.add(session, study, plan, current, [stage.propose(plan, n) for n in numbers])


def _give(trial: TrialRow, body: schemas.AskBody, now: float) -> None:
    trial.state = TrialState.RUNNING
    trial.attempt += 1
    trial.reason = None
    trial.prefetched = body.prefetched
    trial.worker = body.worker
    trial.lease_token = secrets.token_urlsafe(16)
    trial.lease_seconds = body.lease_seconds
    trial.lease_expires_at = now + body.lease_seconds
    trial.started_at = trial.started_at or now


def reclaim(session: Session, study: StudyRow, now: float) -> None:
    """Return the trials whose lease has run out, or fail those that were tried too often.

    The caller has locked the study.
    """
    _lose(session, study, trial_rows.expired(session, study, now), now)


def reclaim_from(database: Database, worker: str) -> None:
    """Take back everything that a worker holds: it is known to be dead."""
    with database.read() as session:
        names = study_rows.of_worker(session, worker)
    for name in names:
        database.write(partial(_take_back_from, database, name, worker))


def _take_back_from(database: Database, name: str, worker: str, session: Session) -> None:
    study = study_rows.lock(session, name)
    _lose(session, study, trial_rows.held_by(session, study, worker), database.now(session))


def _lose(session: Session, study: StudyRow, lost: Sequence[TrialRow], now: float) -> None:
    if not lost:
        return
    study.revision += 1
    for trial in lost:
        if trial.prefetched:
            transitions.release(session, study, trial)
        else:
            how = f"{trial.attempt} workers were lost while training it"
            transitions.expire(session, study, trial, now, how=how)
    ended = [trial for trial in lost if trial.state == TrialState.FAILED]
    checkpoints.discard(session, study, ended, plan_of(study.definition))
    studies.reconcile(session, study, now)


def reap(database: Database) -> None:
    """Take back every lease that has run out, and end every study whose time is over."""
    with database.read() as session:
        now = database.now(session)
        names = {*study_rows.with_expired_leases(session, now), *budgets.over(session, now)}
    for name in sorted(names):
        with suppress(NotFound):  # deleted a moment ago
            database.write(partial(_reap_one, database, name))


def forget_old_answers(database: Database) -> None:
    """Drop the answers of Idempotency-Keys that nobody will use again."""
    database.write(lambda session: answers.forget_old(session, database.now(session)))


def _reap_one(database: Database, name: str, session: Session) -> None:
    study = study_rows.lock(session, name)
    now = database.now(session)
    reclaim(session, study, now)
    if budgets.out_of_time(study, plan_of(study.definition), now):
        studies.end_in_time(session, study, now)
