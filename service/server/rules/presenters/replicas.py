"""Builds answers about replicas: means over fresh seeds, and a verdict on each trial."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import fmean, stdev

from sqlalchemy.orm import Session

from caviar.service.contract import schemas
from caviar.service.contract.numbers import number
from caviar.service.contract.states import OPEN, TrialState
from caviar.service.server import store
from caviar.service.server.rules.plans import Plan, plan_of
from caviar.service.server.store.models import StudyRow, TrialRow

CERTAIN = 2.0
"""How many standard errors a difference needs to be more than noise."""

CUT = " Only the {:,} replicas of the latest trials are shown."


def replicates(session: Session, study: StudyRow) -> schemas.Replicates:
    """The trials that were trained again, the best of the search first."""
    plan = plan_of(study.definition)
    replicas: dict[int, list[TrialRow]] = defaultdict(list)
    latest, is_whole = store.replicas.latest(session, study)
    for row in latest:
        assert row.replica_of is not None
        replicas[row.replica_of].append(row)
    originals = store.trials.by_number(session, study, replicas)
    noise = _pooled_deviation([_values(rows) for rows in replicas.values()])
    trials = [
        _replicated(originals[number], rows, noise, plan)
        for number, rows in sorted(replicas.items())
    ]
    sign = _sign(plan)
    trials.sort(key=lambda trial: (trial.value is None, sign * (trial.value or 0.0), trial.number))
    return schemas.Replicates(
        metric=plan.definition.objective.metric,
        direction=plan.definition.direction,
        trials=trials,
        noise=noise,
        note=_note(trials, noise, plan) + ("" if is_whole else CUT.format(len(latest))),
    )


def _sign(plan: Plan) -> float:
    """The factor that makes small values good."""
    return -1.0 if plan.maximize else 1.0


def _values(rows: Sequence[TrialRow]) -> list[float]:
    return [
        row.value
        for row in rows
        if row.state == TrialState.COMPLETED and not row.void and row.value is not None
    ]


def _pooled_deviation(samples: Sequence[Sequence[float]]) -> float | None:
    """The standard deviation within samples, over all of them; None if none has two values."""
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
        word = "uncertain"
    elif worse > CERTAIN * error:
        word = "too good"
    else:
        word = "too bad" if worse < -CERTAIN * error else "holds"
    seeds = "one fresh seed" if len(values) == 1 else f"{len(values)} fresh seeds"
    over = f"on average over {seeds}" if len(values) > 1 else f"on {seeds}"
    compared = f"{word}: {number(original.value)} in the search, {number(mean)} {over}"
    return "; ".join([compared, *asides])


def _note(trials: Sequence[schemas.Replicated], noise: float | None, plan: Plan) -> str:
    """Which trial is the best on fresh seeds, and which cannot be told from it."""
    if not trials:
        return "Nothing was trained again yet: replicate the best trials to measure their noise."
    sign = _sign(plan)
    means = [(sign * trial.mean, trial) for trial in trials if trial.mean is not None]
    if not means:
        return "No replica has given a value yet."
    (least, leader), *others = sorted(means, key=lambda pair: (pair[0], pair[1].number))
    best = trials[0]
    if leader is best:
        parts = [f"On fresh seeds, trial {leader.number} stays the best."]
    else:
        parts = [
            f"On fresh seeds, trial {leader.number} is the best, with {number(sign * least)} on "
            f"average; trial {best.number}, the best of the search"
            + (" gave no value." if best.mean is None else f", comes to {number(best.mean)}.")
        ]
    if noise is not None:
        close = [
            str(trial.number)
            for mean, trial in others
            if mean - least
            <= CERTAIN * noise * math.sqrt(1 / _completed(leader) + 1 / _completed(trial))
        ]
        if close:
            noun = "Trial" if len(close) == 1 else "Trials"
            parts.append(f"{noun} {', '.join(close)} cannot be told from it within noise.")
    return " ".join(parts)


def _completed(trial: schemas.Replicated) -> int:
    return sum(replica.state == TrialState.COMPLETED for replica in trial.replicas)
