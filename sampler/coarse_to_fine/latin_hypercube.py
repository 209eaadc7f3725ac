"""Coarse rounds: the middle of the space, and a Latin hypercube."""

from collections.abc import Sequence

import numpy as np

from caviar.sampler import draws
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.values import Box, Floats

MIDDLE = 0.5


def latin_hypercube(
    space: SearchSpace, box: Box, *, seed: int, numbers: Sequence[int]
) -> list[list[float]]:
    """A point of the box for each trial: one in each of n equal parts of each axis.

    The first trial of a study is the middle of every range, since ranges are usually centred on
    the expected value; its unordered choices are drawn. It is not part of the hypercube.
    """
    names = list(space.parameters)
    if numbers[0] == 0:
        nominal = np.array([parameter.nominal for parameter in space.parameters.values()])
        drawn = _unit_hypercube(names, seed=seed, numbers=numbers[:1])
        first = np.where(nominal, drawn, MIDDLE)
        units = np.concatenate([first, _unit_hypercube(names, seed=seed, numbers=numbers[1:])])
    else:
        units = _unit_hypercube(names, seed=seed, numbers=numbers)
    low, high = np.array([box[name] for name in names]).T
    points: list[list[float]] = np.clip(low + units * (high - low), low, high).tolist()
    return points


def _unit_hypercube(names: Sequence[str], *, seed: int, numbers: Sequence[int]) -> Floats:
    """A point of the unit cube for each trial, (trials, names), one in each part of each axis.

    M. McKay, R. Beckman and W. Conover, "A comparison of three methods for selecting values of
    input variables", 1979. The permutation of an axis is keyed by the name of the parameter.
    """
    units = draws.units(
        seed=seed,
        numbers=np.array(numbers, dtype=np.int64)[:, None],
        names=names,
        indices=np.arange(2)[None, :],
    )
    within_part, order = units[:, 0], units[:, 1]
    part = np.argsort(np.argsort(order, axis=0, kind="stable"), axis=0)
    points: Floats = (part + within_part) / max(len(numbers), 1)
    return points
