"""Settings as a model sees them: a row of numbers, near when the settings are alike."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from caviar.sampler.space.parameters import Parameter, count_choices
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.surrogate.gaussian_process import Floats, Metric
from caviar.sampler.values import Params, Value

INACTIVE = 0.5  # the place of a parameter that takes no part: in nobody's way


def metric(space: SearchSpace) -> Metric:
    """A column for each number, and one for each choice of a category."""
    owner: list[int] = []
    for place, parameter in enumerate(space.parameters.values()):
        owner += [place] * (count_choices(parameter) if parameter.nominal else 1)
    return Metric(owner=tuple(owner), count=len(space.parameters))


def features(space: SearchSpace, settings: Sequence[Params]) -> Floats:
    """A row for each setting: numbers on the unit interval of their scale, categories one-hot.

    Two different choices are one apart, as the two ends of a range are.
    """
    places = {
        name: [parameter.encode(params[name]) if name in params else None for params in settings]
        for name, parameter in space.parameters.items()
    }
    return _columns(space, {name: np.array(its, np.float64) for name, its in places.items()})


def features_at(space: SearchSpace, units: Floats) -> Floats:
    """The coordinates of the settings at points of the unit cube, (points, parameters).

    Without a setting for each, which would take most of the time of a large round.
    """
    values: dict[str, list[Value]] = {}
    active: dict[str, NDArray[np.bool_]] = {}
    places: dict[str, Floats] = {}
    columns = dict(zip(space.parameters, units.T, strict=True))
    for parameter in space.parents_first:
        active[parameter.name] = np.ones(len(units), dtype=np.bool_)
        for clause in parameter.when:
            parent, met = clause.parameter, clause.requirement.holds
            if parent not in values:
                decode = space.parameters[parent].decode
                values[parent] = [decode(unit) for unit in columns[parent].tolist()]
            held = active[parent] & [met(value) for value in values[parent]]
            active[parameter.name] &= held
        found = _standing_for(parameter, columns[parameter.name])
        places[parameter.name] = np.where(active[parameter.name], found, np.nan)
    return _columns(space, places)


def _standing_for(parameter: Parameter, units: Floats) -> Floats:
    """The point that stands for the value at each: in a continuum itself."""
    if parameter.varies and not parameter.discrete:
        return units
    values = [parameter.decode(unit) for unit in units.tolist()]
    known = {value: parameter.encode(value) for value in set(values)}
    return np.array([known[value] for value in values])


def _columns(space: SearchSpace, places: Mapping[str, Floats]) -> Floats:
    """The coordinates by what stands for each parameter's values, NaN where it takes no part."""
    columns: list[Floats] = []
    for name, parameter in space.parameters.items():
        known = ~np.isnan(places[name])
        if parameter.nominal:
            hot = np.zeros((len(known), count_choices(parameter)))
            chosen = np.floor(places[name][known] * hot.shape[1]).astype(np.intp)
            hot[np.flatnonzero(known), chosen] = math.sqrt(0.5)
            columns.append(hot)
        else:
            columns.append(np.where(known, places[name], INACTIVE)[:, None])
    return np.concatenate(columns, axis=1)
