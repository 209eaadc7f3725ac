"""Replicas: the best settings trained again on fresh seeds, so that a lucky winner shows.

Whoever is the best of many was lucky, too: the value that won is better than the same setting gives
as a rule. Replicas are trials of their own kind, on top of the budget. They are no proposals, teach
the sampler nothing, wait at no rung, keep no round waiting, and are never the best of their study.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import fmean, stdev

from sqlalchemy.orm import Session

from caviar.service.contract import schemas
from caviar.service.contract.errors import Conflict
from caviar.service.contract.numbers import number
from caviar.service.contract.states import OPEN, TrialState
from caviar.service.server.operations import studies, trials
from caviar.service.server.rules import extras
from caviar.service.server.rules.idempotency import Key, idempotent
from caviar.service.server.rules.plans import Plan, plan_of
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import StudyRow, TrialRow
from caviar.service.server.store.queries import replicas, rounds
from caviar.service.server.store.queries import studies as study_rows
from caviar.service.server.store.queries import trials as trial_rows

SURE = 2.0
"""How many standard errors a difference must have to be more than luck."""


def replicate(
    database: Database, name: str, body: schemas.ReplicateBody, key: Key | None = None
) -> schemas.Replicates:
    """Let the best settings be trained again, `seeds` times each.

    Raises:
        NotFound: there is no study of this name.
        Conflict: nothing has completed yet, or the study trains no more.
    """

    def work(session: Session) -> schemas.Replicates:
        study = study_rows.lock(session, name)
        now = database.now(session)

        def add() -> schemas.Replicates:
            _add(session, study, body, now)
            return _view(session, study)

        return idempotent(session, key, schemas.Replicates, now, add)

    return database.write(work)


def _add(session: Session, study: StudyRow, body: schemas.ReplicateBody, now: float) -> None:
    plan = plan_of(study.definition)
    originals = replicas.originals(session, study, count=body.top, maximize=plan.maximize)
    if not originals:
        raise Conflict("no trial has completed that is its setting's alone: nothing to replicate")
    studies.reopen(study, now)
    study.revision += 1
    first = study.next_number
    extras.make_room(session, study, plan, len(originals) * body.seeds)
    current = rounds.last(session, study)
    used = replicas.offsets(session, study)
    # Seed by seed, so that those of one seed, which train together, are leased together.
    wanted = [(row, seed) for seed in range(1, body.seeds + 1) for row in originals]
    session.add_all(
        trials.new_row(
            study,
            number,
            dict(row.params),
            last_epoch=row.last_epoch,
            round=0 if current is None else current.number,
            replica_of=row.number,
            seed_offset=used.get(row.number, 0) + seed,
        )
        for number, (row, seed) in enumerate(wanted, start=first)
    )
    session.flush()
    studies.reconcile(session, study, now)


def show(database: Database, name: str) -> schemas.Replicates:
    """What came of the replicas of a study so far.

    Raises:
        NotFound: there is no study of this name.
    """
    with database.read() as session:
        return _view(session, study_rows.get(session, name))


def _view(session: Session, study: StudyRow) -> schemas.Replicates:
    plan = plan_of(study.definition)
    found: dict[int, list[TrialRow]] = defaultdict(list)
    for row in replicas.all_of(session, study):
        assert row.replica_of is not None
        found[row.replica_of].append(row)
    originals = trial_rows.by_number(session, study, found)
    noise = _pooled([_values(rows) for rows in found.values()])
    told = [
        _replicated(originals[number], rows, noise, plan) for number, rows in sorted(found.items())
    ]
    sign = _sign(plan)
    told.sort(key=lambda one: (one.value is None, sign * (one.value or 0.0), one.number))
    return schemas.Replicates(
        metric=plan.definition.objective.metric,
        direction=plan.definition.direction,
        trials=told,
        noise=noise,
        note=_note(told, noise, plan),
    )


def _sign(plan: Plan) -> float:
    """What makes small values good."""
    return -1.0 if plan.maximize else 1.0


def _values(rows: Sequence[TrialRow]) -> list[float]:
    return [
        row.value
        for row in rows
        if row.state == TrialState.COMPLETED and not row.void and row.value is not None
    ]


def _pooled(samples: Sequence[Sequence[float]]) -> float | None:
    """The standard deviation within samples, over all of them; None without two of one kind."""
    several = [sample for sample in samples if len(sample) > 1]
    if not several:
        return None
    squares = sum((len(sample) - 1) * stdev(sample) ** 2 for sample in several)
    return math.sqrt(squares / sum(len(sample) - 1 for sample in several))


def _replicated(
    original: TrialRow, rows: Sequence[TrialRow], noise: float | None, plan: Plan
) -> schemas.Replicated:
    values = _values(rows)
    return schemas.Replicated(
        number=original.number,
        params=original.params,
        value=original.value,
        replicas=[
            schemas.Replica(number=row.number, state=TrialState(row.state), value=row.value)
            for row in rows
        ],
        mean=fmean(values) if values else None,
        deviation=stdev(values) if len(values) > 1 else None,
        verdict=_verdict(original, rows, values, noise, plan),
    )


def _verdict(
    original: TrialRow,
    rows: Sequence[TrialRow],
    values: Sequence[float],
    noise: float | None,
    plan: Plan,
) -> str:
    """Whether the search's value holds on fresh seeds, in plain words."""
    coming = sum(row.state in OPEN for row in rows)
    without = Counter(str(row.state) for row in rows if row.state not in (*OPEN, "completed"))
    asides = [f"{coming} of {len(rows)} replicas are still to come"] if coming else []
    asides += [f"{count} of {len(rows)} replicas {state}" for state, count in without.items()]
    if not values or original.value is None:
        return "; ".join(asides) or "its value does not count any more"
    mean = fmean(values)
    worse = _sign(plan) * (mean - original.value)
    error = None if noise is None else noise * math.sqrt(1 + 1 / len(values))
    if error is None:
        word = "not sure yet"
    elif worse > SURE * error:
        word = "lucky"
    else:
        word = "unlucky" if worse < -SURE * error else "holds"
    seeds = "one fresh seed" if len(values) == 1 else f"{len(values)} fresh seeds"
    said = (
        f"{word}: {number(original.value)} in the search, {number(mean)} on average over {seeds}"
        if len(values) > 1
        else f"{word}: {number(original.value)} in the search, {number(mean)} on {seeds}"
    )
    return "; ".join([said, *asides])


def _note(told: Sequence[schemas.Replicated], noise: float | None, plan: Plan) -> str:
    """Who is the best on fresh seeds, and whether that can be told from luck."""
    if not told:
        return "Nothing was trained again yet: replicate the best settings to see their luck."
    sign = _sign(plan)
    means = [(sign * one.mean, one) for one in told if one.mean is not None]
    if not means:
        return "No replica has given a value yet."
    (least, leader), *others = sorted(means, key=lambda pair: (pair[0], pair[1].number))
    if leader is told[0]:
        parts = [f"On fresh seeds, trial {leader.number} stays the best."]
    else:
        parts = [
            f"On fresh seeds, trial {leader.number} is the best, with {number(sign * least)} on "
            f"average; trial {told[0].number}, the best of the search"
            + (" gave no value." if told[0].mean is None else f", comes to {number(told[0].mean)}.")
        ]
    if noise is not None:
        close = [
            str(one.number)
            for mean, one in others
            if mean - least <= SURE * noise * math.sqrt(1 / _count(leader) + 1 / _count(one))
        ]
        if close:
            trial = "Trial" if len(close) == 1 else "Trials"
            parts.append(f"{trial} {', '.join(close)} cannot be told from it: that may be luck.")
    return " ".join(parts)


def _count(one: schemas.Replicated) -> int:
    return sum(replica.state == TrialState.COMPLETED for replica in one.replicas)
