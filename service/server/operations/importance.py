"""Importance: the share of the results that each parameter explains, and the share of noise."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache

from caviar.sampler import (
    Observation,
    Repeats,
    SearchSpace,
    counted,
    importance,
    params_identity,
    repeats,
)
from caviar.service.contract import schemas
from caviar.service.contract.states import TrialState
from caviar.service.server import store
from caviar.service.server.rules import observations, rounds
from caviar.service.server.rules.plans import plan_of
from caviar.service.server.store.database import Database

CERTAIN = 2.0
"""A parameter is certainly important if its share is this many times that of noise."""

UNMEASURED = (
    "No params were tried twice, so noise is only what the surrogate cannot explain: replicate the "
    "best trials to measure it."
)


def of(database: Database, name: str) -> schemas.Importance:
    """The importance table of a study, from its results and from what was pruned.

    Raises:
        NotFound: there is no study of this name.
    """
    with database.read() as session:
        study = store.studies.get(session, name)
        plan = plan_of(study.definition)
        space = rounds.current_space(session, study, plan)
        observed = observations.of_study(session, study, plan)
        replicas = [
            observations.of_trial(row, plan) for row in store.replicas.all_of(session, study)
        ]
    usable = [
        trial for trial in observed if trial.value is not None or trial.state == TrialState.PRUNED
    ]
    space_json = json.dumps(space.to_dict())
    return _table(space_json, tuple(map(_Hashable, usable)), tuple(map(_Hashable, replicas)))


class _Hashable:
    """An observation as a key of the cache."""

    def __init__(self, observation: Observation) -> None:
        self.observation = observation
        params = params_identity(observation.params)
        rungs = frozenset(observation.rungs.items())
        self._key = observation.number, observation.state, observation.value, params, rungs

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Hashable) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


@lru_cache(maxsize=32)
def _table(
    space_json: str, trials: tuple[_Hashable, ...], replicas: tuple[_Hashable, ...]
) -> schemas.Importance:
    """The table of a space; replicas measure noise only.

    It is cached, for the fit takes a while and many readers ask for the same table.
    """
    space = SearchSpace.from_dict(json.loads(space_json))
    observed = [trial.observation for trial in trials]
    fitted = importance(space, observed)
    noise = repeats([*observed, *(replica.observation for replica in replicas)])
    if fitted is None:
        valued = sum(trial.value is not None for trial in observed)
        return schemas.Importance(
            trials=valued,
            parameters=None,
            priorities=None,
            noise=None,
            repeats=_repeats(noise),
            note=f"{counted(valued, 'trial')} gave a value: too few to estimate importance.",
        )
    table = schemas.Importance.model_validate({**fitted, "repeats": _repeats(noise), "note": ""})
    varied = [name for name, parameter in space.parameters.items() if parameter.varies]
    return table.model_copy(update={"note": _note(table, varied)})


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
