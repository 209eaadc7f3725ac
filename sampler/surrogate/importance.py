"""How much each parameter mattered: what the model of all trials changes by when one is changed."""

from collections.abc import Callable, Sequence

import numpy as np

from caviar.sampler import draws
from caviar.sampler.rounds import Observation
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.surrogate.features import features, metric
from caviar.sampler.surrogate.gaussian_process import Floats
from caviar.sampler.surrogate.surrogate import fit_surrogate
from caviar.sampler.surrogate.threads import one_thread
from caviar.sampler.values import JSON

SETTINGS = 256
FEWEST = 10  # trials with a value that say anything at all


def importance(
    space: SearchSpace, observations: Sequence[Observation], *, seed: int = 0
) -> dict[str, JSON] | None:
    """The share of each parameter in what the scores of the trials vary by; None: too few trials.

        {"trials": how many gave a value,
         "parameters": {name: {"share": 0 to 1, "priority": 1 to 3}},
         "priorities": {"1": share, …},
         "noise": share}

    A parameter's share is its total effect, what it does alone and together with others, over
    settings from the whole space: half the mean square by which the expected score changes when
    only this parameter is drawn anew. `noise` is what no parameter explains, repeated seeds among
    it: a parameter with less than that can hardly be told from luck. All shares sum to 1.

    M. Jansen, "Analysis of variance designs for model output", 1999, for the total effect.
    """
    valued = sum(seen.value is not None for seen in observations)
    if valued < FEWEST:
        return None
    with one_thread():
        model = fit_surrogate(space, observations)
    if model is None:
        return None
    names = list(space.parameters)
    points, changed = _drawn(space, seed=seed)
    effects: list[float] = []
    with one_thread():
        expected = model.mean_at(points)
    for name in names:
        moved_to = changed(name)
        with one_thread():
            moved = model.mean_at(moved_to) - expected
        effects.append(0.5 * float(np.mean(moved**2)))
    total = sum(effects) + model.noise
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
        "noise": model.noise / total,
    }


def _drawn(space: SearchSpace, *, seed: int) -> tuple[Floats, Callable[[str], Floats]]:
    """Settings from the whole space, and the same with one parameter drawn anew.

    Where no other parameter has a condition on it, only its own columns change, and those are told
    for all such parameters at once: to decode all settings for each of some hundred would take
    minutes.
    """
    names = list(space.parameters)
    rows = draws.units(
        seed=seed, numbers=np.arange(SETTINGS)[:, None], names=names, indices=np.arange(2)
    )
    base, anew = rows[:, 0], rows[:, 1]
    asked = {clause.parameter for other in space.parameters.values() for clause in other.when}
    is_asked = np.array([name in asked for name in names])
    points, others = _points(space, base), _points(space, np.where(is_asked, base, anew))
    owner = np.array(metric(space).owner)

    def changed(name: str) -> Floats:
        place = names.index(name)
        if is_asked[place]:
            units = base.copy()
            units[:, place] = anew[:, place]
            return _points(space, units)
        moved: Floats = np.where(owner == place, others, points)
        return moved

    return points, changed


def _points(space: SearchSpace, units: Floats) -> Floats:
    names = list(space.parameters)
    settings = [space.decode(dict(zip(names, row, strict=True))) for row in units.tolist()]
    return features(space, settings)
