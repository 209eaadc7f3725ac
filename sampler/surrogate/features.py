"""Features: settings as rows of numbers, close to each other for similar settings."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from caviar.sampler.space.parameters import Categorical, Parameter, count_choices
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.surrogate.gaussian_process import Metric
from caviar.sampler.values import Floats, Params, Setting, real

INACTIVE_FEATURE = 0.5  # of an inactive number: the middle, as close to all values as possible


def metric(space: SearchSpace) -> Metric:
    """The metric of a space: a column for each number, and one for each choice of a category."""
    owner: list[int] = []
    for place, parameter in enumerate(space.parameters.values()):
        owner += [place] * (count_choices(parameter) if parameter.nominal else 1)
    return Metric(owner=tuple(owner), count=len(space.parameters))


def features(space: SearchSpace, settings: Sequence[Params]) -> Floats:
    """The features of settings, (settings, columns).

    Numbers are on the unit interval of their scale. Categories are one-hot, scaled so that two
    different choices have distance one, as the two ends of a range have.
    """
    units = {
        name: [parameter.encode(params[name]) if name in params else None for params in settings]
        for name, parameter in space.parameters.items()
    }
    return _columns(space, {name: np.array(column, np.float64) for name, column in units.items()})


def features_at(space: SearchSpace, units: Floats) -> Floats:
    """The features of the settings at points of the unit cube, (points, parameters).

    No settings are built, which would take most of the time of a large round.
    """
    values: dict[str, list[Setting]] = {}
    active: dict[str, NDArray[np.bool_]] = {}
    encoded: dict[str, Floats] = {}
    columns = dict(zip(space.parameters, units.T, strict=True))
    for parameter in space.parents_first:
        active[parameter.name] = np.ones(len(units), dtype=np.bool_)
        for clause in parameter.when:
            parent, holds = clause.parameter, clause.requirement.holds
            if parent not in values:
                decode = space.parameters[parent].decode
                values[parent] = [decode(unit) for unit in columns[parent].tolist()]
            met = active[parent] & [holds(value) for value in values[parent]]
            active[parameter.name] &= met
        column = _encoded(parameter, columns[parameter.name])
        encoded[parameter.name] = np.where(active[parameter.name], column, np.nan)
    return _columns(space, encoded)


def _encoded(parameter: Parameter, units: Floats) -> Floats:
    """`encode(decode(unit))` for each unit; in a continuum that is the unit itself."""
    if parameter.varies and not parameter.discrete:
        return units
    if isinstance(parameter, Categorical):  # whose choices may be lists and objects
        places = np.floor(units * len(parameter.choices)).astype(np.intp)
        return (np.clip(places, 0, len(parameter.choices) - 1) + 0.5) / len(parameter.choices)
    if not parameter.varies:
        return np.full(len(units), parameter.encode(parameter.decode(0.0)))
    values = [real(parameter.decode(unit)) for unit in units.tolist()]
    encoded = {value: parameter.encode(value) for value in set(values)}
    return np.array([encoded[value] for value in values])


def _columns(space: SearchSpace, encoded: Mapping[str, Floats]) -> Floats:
    """The features of encoded values by parameter; NaN means inactive."""
    columns: list[Floats] = []
    for name, parameter in space.parameters.items():
        active = ~np.isnan(encoded[name])
        if parameter.nominal:
            one_hot = np.zeros((len(active), count_choices(parameter)))
            chosen = np.floor(encoded[name][active] * one_hot.shape[1]).astype(np.intp)
            one_hot[np.flatnonzero(active), chosen] = math.sqrt(0.5)
            columns.append(one_hot)
        else:
            columns.append(np.where(active, encoded[name], INACTIVE_FEATURE)[:, None])
    return np.concatenate(columns, axis=1)
