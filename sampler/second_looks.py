"""Second looks: now and then a trial is for a choice that the search may have left too soon.

A few unlucky coarse draws can make a whole category look bad, an optimizer tried at the wrong
learning rates, say; elites then never have it, and the model hears no more of it. So one trial in
four goes to the choices of all categories in turn: the best that is believed of that choice.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sampler.space import SearchSpace
from sampler.values import Params, Value, same

EVERY = 4

Mask = NDArray[np.bool_]


def second_looks(
    space: SearchSpace, settings: Sequence[Params], *, numbers: Sequence[int]
) -> dict[int, Mask]:
    """For the trials that are second looks: which of the settings have the choice in turn."""
    choices = [
        (name, parameter.decode((place + 0.5) * parameter.share(parameter.decode(0.0))))
        for name, parameter in space.parameters.items()
        if parameter.nominal
        for place in range(round(1 / parameter.share(parameter.decode(0.0))))
    ]
    if not choices:
        return {}
    looks: dict[int, Mask] = {}
    for number in numbers:
        if number % EVERY == 0:
            name, choice = choices[number // EVERY % len(choices)]
            looks[number] = np.array([_has(params, name, choice) for params in settings])
    return looks


def _has(params: Params, name: str, choice: Value) -> bool:
    return name in params and same(params[name], choice)
