"""Leases: a worker's right to train a segment until a deadline.

Asking gives them, reporting renews them, the reaper expires them. The token fences the results:
only the holder of the last lease that was given of a trial is recorded.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from caviar.service.contract import schemas
from caviar.service.contract.errors import Conflict, NotFound
from caviar.service.contract.states import StudyState, TrialState
from caviar.service.server import store
from caviar.service.server.operations.change_study import change_study
from caviar.service.server.operations.rounds import open_next
from caviar.service.server.rules import (
    budgets,
    checkpoint_retention,
    histories,
    new_trials,
    presenters,
    rounds,
    stale_leases,
    study_states,
    trial_states,
)
from caviar.service.server.rules.change import Change
from caviar.service.server.rules.idempotency import Key
from caviar.service.server.rules.quotas import named, quotas
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import TrialRow

MAX_ROUNDS_OPENED = 5
"""How many rounds one ask opens at most before it gives up."""


@dataclass(frozen=True)
class RoundIsDue:
    """The study has nothing to lease until its next round is planned."""


def ask(
    database: Database, name: str, body: schemas.AskBody, key: Key | None = None
) -> schemas.AskAnswer:
    """Lease up to `count` trials: those that wait, new ones of the current round, lapsed ones.

    A trial whose lease has run out comes last, for its worker may only be slow: until the trial
    is given to another, a late result of it is recorded.

    Raises:
        NotFound: there is no study of this name.
    """

    def work(change: Change) -> schemas.AskAnswer | RoundIsDue:
        return _lease(change, body)

    for _ in range(MAX_ROUNDS_OPENED):
        answer = change_study(database, name, work, answer=schemas.AskAnswer, key=key)
        if not isinstance(answer, RoundIsDue):
            return answer
        open_next(database, name)
    raise Conflict(f"study {name!r} opens round after round without a trial")


def ask_any(
    database: Database, body: schemas.AskAnyBody, key: Key | None = None
) -> schemas.AskAnswer:
    """Lease trials of any running study whose objective is of the kind, the oldest study first."""
    with database.read() as session:
        names = store.studies.running(session, body.objective)
    leased: list[schemas.LeasedTrial] = []
    for name in names:
        rest = body.model_copy(update={"count": body.count - len(leased)})
        with suppress(NotFound):  # deleted a moment ago
            leased += ask(database, name, rest, key.within(name) if key else None).trials
        if len(leased) == body.count:
            break
    state = StudyState.RUNNING if names else StudyState.COMPLETED
    return schemas.AskAnswer(trials=leased, study_state=state)


def _lease(change: Change, body: schemas.AskBody) -> schemas.AskAnswer | RoundIsDue:
    session, study, plan = change.session, change.study, change.plan
    _expire(change)
    leased: list[TrialRow] = []
    if budgets.out_of_time(study, plan, change.now):
        study_states.end_in_time(change)
    elif study.state == StudyState.RUNNING:
        count = _room(change, body)
        leased += store.trials.waiting(session, study, count, lapsed=False)
        leased += _propose(change, count - len(leased))
        left = count - len(leased)
        if left:
            leased += store.trials.waiting(session, study, left, lapsed=True)
        if not leased and rounds.may_open(session, study, plan):
            return RoundIsDue()
    for trial in leased:
        trial_states.settle(change, trial)
        _give(trial, body, change.now)
    if leased:
        study.started_at = study.started_at or change.now
        budgets.start_clock(study, change.now)
        change.mark(*leased)
    session.flush()
    return schemas.AskAnswer(
        trials=[
            presenters.trials.leased_trial(
                study, trial, plan, histories.history(session, study, trial)
            )
            for trial in leased
        ],
        study_state=StudyState(study.state),
    )


def _room(change: Change, body: schemas.AskBody) -> int:
    """How many trials may be leased, of those that are asked for.

    Raises:
        Conflict: none, for the study or the worker has as many open leases as it may have.
    """
    study, worker, count = change.study, body.worker, body.count
    running = study.counts.get(TrialState.RUNNING, 0)
    count = _left(f"study {study.name!r}", count, running, "leases_of_a_study")
    if running + count > quotas().leases_of_a_worker:  # otherwise the worker cannot have so many
        held = store.trials.count_held_by(change.session, study, worker)
        count = _left(f"worker {worker!r}", count, held, "leases_of_a_worker")
    return count


def _left(whose: str, count: int, held: int, name: str) -> int:
    limit: int = getattr(quotas(), name)
    if held >= limit:
        raise Conflict(f"{whose} has {held:,} open leases, of {named(name)}: tell or release some")
    return min(count, limit - held)


def _propose(change: Change, count: int) -> list[TrialRow]:
    """New trials of the current round, as many as it and the budget have left."""
    study, plan = change.study, change.plan
    current = store.rounds.last(change.session, study)
    if current is None:
        return []
    stage = rounds.Stage.of(current)
    end = min(stage.stop, budgets.trials(change.session, study, plan))
    numbers = range(study.next_number, min(end, study.next_number + count))
    return new_trials.add(change, current, [stage.propose(plan, number) for number in numbers])


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


def _expire(change: Change) -> None:
    """Let trials wait again whose leases have run out, or fail those that were tried too often."""
    lost = store.trials.expired(change.session, change.study, change.now)
    for trial in lost:
        trial_states.lapse(change, trial)
    _follow_up(change, lost)


def _follow_up(change: Change, lost: Sequence[TrialRow]) -> None:
    """Do what follows from lost leases."""
    if not lost:
        return
    failed = [trial for trial in lost if trial.state == TrialState.FAILED]
    checkpoint_retention.discard(change, failed)
    study_states.reconcile(change)


def release(
    database: Database, name: str, body: schemas.ReleaseBody, key: Key | None = None
) -> schemas.ReleaseAnswer:
    """Let leased trials wait again at once, as if they had not been leased: that is no attempt.

    Raises:
        NotFound: there is no study of this name.
    """

    def work(change: Change) -> schemas.ReleaseAnswer:
        numbers = [item.number for item in body.trials]
        rows = store.trials.by_number(change.session, change.study, numbers)
        released = [_release(change, rows.get(item.number), item) for item in body.trials]
        if any(item.released for item in released):
            study_states.reconcile(change)
        return schemas.ReleaseAnswer(trials=released)

    return change_study(database, name, work, answer=schemas.ReleaseAnswer, key=key)


def _release(change: Change, trial: TrialRow | None, item: schemas.Held) -> schemas.Released:
    if trial is None or not trial_states.holds(trial, item.lease):
        problem = stale_leases.problem(item.number, trial, item.lease)
        return schemas.Released(number=item.number, released=False, problem=problem)
    trial_states.revive(change, trial)
    trial_states.count_time(trial, change.now)
    trial_states.release(change, trial)
    return schemas.Released(number=item.number, released=True)


def reclaim_from(database: Database, worker: str) -> None:
    """Expire every lease of a worker that is known to be dead."""
    with database.read() as session:
        names = store.studies.of_worker(session, worker)

    def work(change: Change) -> None:
        held = store.trials.held_by(change.session, change.study, worker)
        for trial in held:
            if trial.prefetched:
                trial_states.release(change, trial)
            else:
                how = f"{trial_states.lost_attempts(trial)} when its worker died"
                trial_states.expire(change, trial, how=how)
        _follow_up(change, held)

    for name in names:
        with suppress(NotFound):  # deleted a moment ago
            change_study(database, name, work)


def reap(database: Database) -> None:
    """Expire every lease that has run out, and complete every study whose time is over."""
    with database.read() as session:
        now = database.now(session)
        names = {
            *store.studies.with_expired_leases(session, now),
            *budgets.studies_out_of_time(session, now),
        }
    for name in sorted(names):
        with suppress(NotFound):  # deleted a moment ago
            change_study(database, name, _reap)


def _reap(change: Change) -> None:
    _expire(change)
    if budgets.out_of_time(change.study, change.plan, change.now):
        study_states.end_in_time(change)


def rebase(database: Database) -> None:
    """Give every running trial its whole lease again, from now, when a server starts.

    On SQLite the server's own clock measures leases, and it does not know how long it was away.
    """
    if database.is_sqlite:
        database.write(lambda session: store.trials.rebase_leases(session, database.now(session)))


def forget_old_answers(database: Database) -> None:
    """Drop the answers of Idempotency-Keys that are too old to be used again."""
    database.write(lambda session: store.answers.forget_old(session, database.now(session)))
