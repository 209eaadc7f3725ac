"""How much each parameter mattered: what the model of all trials changes by when one is changed."""

from collections.abc import Sequence

import numpy as np

from sampler import draws
from sampler.coordinates import coordinates
from sampler.model import fit_model
from sampler.rounds import Observation
from sampler.space import SearchSpace
from sampler.threads import one_thread
from sampler.values import JSON

SETTINGS = 256
FEWEST = 10  # trials with a value that say anything at all


def importance(
    space: SearchSpace, observations: Sequence[Observation], *, seed: int = 0
) -> dict[str, JSON] | None:
    """The share of each parameter in what the ranks of the trials vary by; None: too few trials.

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
    with one_thread():
        model = fit_model(space, observations)
        valued = sum(seen.value is not None for seen in observations)
        if model is None or valued < FEWEST:
            return None
        names = list(space.parameters)
        rows = draws.units(
            seed=seed, numbers=np.arange(SETTINGS)[:, None], names=names, indices=np.arange(2)
        )
        base, anew = rows[:, 0], rows[:, 1]
        expected = model.mean_at(_points(space, base))
        effects: list[float] = []
        for column in range(len(names)):
            changed = base.copy()
            changed[:, column] = anew[:, column]
            moved = model.mean_at(_points(space, changed)) - expected
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


def _points(space: SearchSpace, units: np.ndarray) -> np.ndarray:
    names = list(space.parameters)
    settings = [space.decode(dict(zip(names, row, strict=True))) for row in units.tolist()]
    return coordinates(space, settings)
