"""Importance: the share of each parameter in the variation of the surrogate's mean."""

from collections.abc import Callable, Sequence

import numpy as np

from caviar.sampler import draws
from caviar.sampler.rounds import Observation
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.surrogate.features import features, metric
from caviar.sampler.surrogate.surrogate import fit_surrogate
from caviar.sampler.surrogate.threads import one_thread
from caviar.sampler.values import JSON, Floats

DRAWN_SETTINGS = 256
MIN_TRIALS = 10  # with a value


def importance(
    space: SearchSpace, observations: Sequence[Observation], *, seed: int = 0
) -> dict[str, JSON] | None:
    """The share of each parameter in the variation of the scores; None with too few trials.

        {"trials": number of trials with a value,
         "parameters": {name: {"share": 0 to 1, "priority": 1 to 3}},
         "priorities": {"1": share, …},
         "noise": share}

    The share of a parameter is its total effect, alone and in interactions, over the whole space:
    half the mean square by which the expected score changes when only this parameter is drawn
    again. `noise` is the share that no parameter explains, including the variation between seeds.
    A parameter with a smaller share cannot be distinguished from noise. All shares sum to 1.

    M. Jansen, "Analysis of variance designs for model output", 1999, for the total effect.
    """
    valued = sum(trial.value is not None for trial in observations)
    if valued < MIN_TRIALS:
        return None
    with one_thread():
        surrogate = fit_surrogate(space, observations)
    if surrogate is None:
        return None
    names = list(space.parameters)
    points, redrawn = _drawn(space, seed=seed)
    effects: list[float] = []
    with one_thread():
        expected = surrogate.mean_at(points)
    for name in names:
        moved = redrawn(name)
        with one_thread():
            change = surrogate.mean_at(moved) - expected
        effects.append(0.5 * float(np.mean(change**2)))
    total = sum(effects) + surrogate.noise
    shares = {name: effect / total for name, effect in zip(names, effects, strict=True)}
    priorities: dict[str, float] = {}
    for name, parameter in sorted(space.parameters.items(), key=lambda pair: pair[1].priority):
        key = str(parameter.priority)
        priorities[key] = priorities.get(key, 0.0) + shares[name]
    return {
        "trials": valued,
        "parameters": {
            name: {"share": shares[name], "priority": space.parameters[name].priority}
            for name in names
        },
        "priorities": {**priorities},
        "noise": surrogate.noise / total,
    }


def _drawn(space: SearchSpace, *, seed: int) -> tuple[Floats, Callable[[str], Floats]]:
    """The features of random settings, and a function that redraws one parameter in them.

    If no condition refers to a parameter, only its own columns change. They are computed for all
    such parameters at once: decoding all settings for each of several hundred parameters would
    take minutes.
    """
    names = list(space.parameters)
    rows = draws.units(
        seed=seed, numbers=np.arange(DRAWN_SETTINGS)[:, None], names=names, indices=np.arange(2)
    )
    base, other = rows[:, 0], rows[:, 1]
    parents = {clause.parameter for child in space.parameters.values() for clause in child.when}
    is_parent = np.array([name in parents for name in names])
    points = _features(space, base)
    others = _features(space, np.where(is_parent, base, other))
    owner = np.array(metric(space).owner)

    def redrawn(name: str) -> Floats:
        place = names.index(name)
        if is_parent[place]:
            units = base.copy()
            units[:, place] = other[:, place]
            return _features(space, units)
        moved: Floats = np.where(owner == place, others, points)
        return moved

    return points, redrawn


def _features(space: SearchSpace, units: Floats) -> Floats:
    names = list(space.parameters)
    settings = [space.decode(dict(zip(names, row, strict=True))) for row in units.tolist()]
    return features(space, settings)
