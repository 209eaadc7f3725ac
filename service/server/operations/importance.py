"""Importance: the share of the results that each parameter explains, and the share of noise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from caviar.sampler import (
    Observation,
    Repeats,
    SearchSpace,
    counted,
    importance,
    repeats,
)
from caviar.service.contract import schemas
from caviar.service.contract.states import TrialState
from caviar.service.server import store
from caviar.service.server.rules import observations, rounds
from caviar.service.server.rules.plans import plan_of
from caviar.service.server.rules.presenters.times import timestamp
from caviar.service.server.store.database import Database

CERTAIN = 2.0
"""A parameter is certainly important if its share is this many times that of noise."""

SIZE = store.samples.Size(best=500, newest=500, rest=2_000)
"""The trials that importance is estimated from; the fit itself chooses among them."""

SAMPLED = " Estimated from {:,} of {:,} trials: the best, the newest and a sample."

UNMEASURED = (
    "No params were tried twice, so noise is only what the surrogate cannot explain: replicate the "
    "best trials to measure it."
)


def show(database: Database, name: str) -> tuple[str, int, bytes]:
    """The importance table as JSON, with the time of the study's creation and its revision.

    Raises:
        NotFound: there is no study of this name.
    """
    read = _read(database, name)
    return read.created_at, read.revision, _table(read).model_dump_json().encode()


@dataclass(frozen=True)
class _Read:
    """What a table is made of, and the study and revision that it is of."""

    created_at: str
    revision: int
    space: SearchSpace
    usable: Sequence[Observation]
    """Observations of trials that gave a value or were pruned."""
    replicas: Sequence[Observation]
    """They measure noise only."""
    note: str
    """What is not all of the study, if anything is not."""


def _read(database: Database, name: str) -> _Read:
    with database.read() as session:
        study = store.studies.get(session, name)
        plan = plan_of(study.definition)
        telling = store.samples.telling(session, study, SIZE, maximize=plan.maximize)
        rows = [row for row in telling if observations.teaches(row)]
        rungs = store.rungs.by_trial(session, study, [row.number for row in rows])
        observed = [
            *observations.of_warm_start(session, study, plan),
            *(observations.of_trial(row, plan, rungs.get(row.number, {})) for row in rows),
        ]
        replicas, _ = store.replicas.latest(session, study)
        is_whole = study.next_number <= SIZE.trials
        return _Read(
            created_at=timestamp(study.created_at),
            revision=study.revision,
            space=rounds.current_space(session, study, plan),
            usable=[t for t in observed if t.value is not None or t.state == TrialState.PRUNED],
            replicas=[observations.of_trial(row, plan) for row in replicas],
            note="" if is_whole else SAMPLED.format(len(telling), study.next_number),
        )


def _table(read: _Read) -> schemas.Importance:
    fitted = importance(read.space, read.usable)
    noise = repeats([*read.usable, *read.replicas])
    if fitted is None:
        valued = sum(trial.value is not None for trial in read.usable)
        return schemas.Importance(
            trials=valued,
            parameters=None,
            priorities=None,
            noise=None,
            repeats=_repeats(noise),
            note=f"{counted(valued, 'trial')} gave a value: too few to estimate importance."
            + read.note,
        )
    table = schemas.Importance.model_validate({**fitted, "repeats": _repeats(noise), "note": ""})
    varied = [name for name, parameter in read.space.parameters.items() if parameter.varies]
    return table.model_copy(update={"note": _note(table, varied) + read.note})


def _repeats(noise: Repeats | None) -> schemas.Repeats | None:
    return None if noise is None else schemas.Repeats.model_validate(vars(noise))


def _note(table: schemas.Importance, varied: Iterable[str]) -> str:
    """What the table says of the parameters that varied, in a few sentences."""
    assert table.parameters is not None
    assert table.noise is not None
    noise = table.noise if table.repeats is None else table.repeats.share
    shares = {name: table.parameters[name].share for name in varied}
    ranked = sorted(shares, key=lambda name: -shares[name])
    certain = [name for name in ranked if shares[name] > CERTAIN * noise]
    drowned = [name for name in ranked if shares[name] < noise]
    possible = [name for name in ranked if name not in certain and name not in drowned]
    parts = [
        f"More important than noise can explain: {_listed(certain)}."
        if certain
        else "No parameter is more important than noise can explain."
    ]
    if possible:
        parts.append(f"Possibly important, by less than twice the noise: {_listed(possible)}.")
    if drowned:
        parts.append(f"Not distinguishable from noise: {_listed(drowned)}.")
    parts.append(UNMEASURED if table.repeats is None else _measured(table.repeats))
    return " ".join(parts)


def _measured(noise: schemas.Repeats) -> str:
    return (
        f"Noise was measured on {counted(noise.trials, 'trial')} that repeat "
        f"{counted(noise.params, 'set')} of params."
    )


def _listed(names: list[str]) -> str:
    few = names if len(names) <= 4 else [*names[:3], f"{len(names) - 3} more"]
    return few[0] if len(few) == 1 else f"{', '.join(few[:-1])} and {few[-1]}"
