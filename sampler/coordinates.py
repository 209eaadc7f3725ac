"""Settings as a model sees them: a row of numbers, near when the settings are alike."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from sampler.gaussian_process import Floats, Metric
from sampler.parameters import count_choices
from sampler.space import SearchSpace
from sampler.values import Params

INACTIVE = 0.5  # the place of a parameter that takes no part: in nobody's way


def metric(space: SearchSpace) -> Metric:
    """A column for each number, and one for each choice of a category."""
    owner: list[int] = []
    for place, parameter in enumerate(space.parameters.values()):
        owner += [place] * (count_choices(parameter) if parameter.nominal else 1)
    return Metric(owner=tuple(owner), count=len(space.parameters))


def coordinates(space: SearchSpace, settings: Sequence[Params]) -> Floats:
    """A row for each setting: numbers on the unit interval of their scale, categories one-hot.

    Two different choices are one apart, as the two ends of a range are.
    """
    rows = [_row(space, space.encode(params)) for params in settings]
    return np.array(rows, dtype=np.float64)


def _row(space: SearchSpace, units: Mapping[str, float]) -> list[float]:
    row: list[float] = []
    for name, parameter in space.parameters.items():
        unit = units.get(name)
        if parameter.nominal:
            hot = [0.0] * count_choices(parameter)
            if unit is not None:
                hot[math.floor(unit * len(hot))] = math.sqrt(0.5)
            row += hot
        else:
            row.append(INACTIVE if unit is None else unit)
    return row
