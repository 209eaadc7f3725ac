"""A coarse look: the middle, and settings that leave no part of any range unseen."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from caviar.sampler import draws
from caviar.sampler.rounds import Box
from caviar.sampler.space.space import SearchSpace

MIDDLE = 0.5


def latin_hypercube(
    space: SearchSpace, box: Box, *, seed: int, numbers: Sequence[int]
) -> list[list[float]]:
    """A point of the box for each trial, so that each parameter has one in each even part of it.

    The first trial of a study takes the middle of every range, for ranges are drawn around what
    their author expects, and choices like any other trial; it is not counted among the parts.
    """
    names = list(space.parameters)
    if numbers[0] == 0:
        nominal = np.array([parameter.nominal for parameter in space.parameters.values()])
        chosen = _hypercube(names, seed=seed, numbers=numbers[:1])
        first = np.where(nominal, chosen, MIDDLE)
        units = np.concatenate([first, _hypercube(names, seed=seed, numbers=numbers[1:])])
    else:
        units = _hypercube(names, seed=seed, numbers=numbers)
    low, high = np.array([box[name] for name in names]).T
    points: list[list[float]] = np.clip(low + units * (high - low), low, high).tolist()
    return points


def _hypercube(names: Sequence[str], *, seed: int, numbers: Sequence[int]) -> NDArray[np.float64]:
    """A point of the unit cube for each trial, one in each even part of each axis.

    M. McKay, R. Beckman and W. Conover, "A comparison of three methods for selecting values of
    input variables", 1979: a Latin hypercube, its shuffle keyed by the parameter's name.
    """
    words = draws.units(
        seed=seed,
        numbers=np.array(numbers, dtype=np.int64)[:, None],
        names=names,
        indices=np.arange(2)[None, :],
    )
    within, shuffle = words[:, 0], words[:, 1]
    part = np.argsort(np.argsort(shuffle, axis=0, kind="stable"), axis=0)
    points: NDArray[np.float64] = (part + within) / max(len(numbers), 1)
    return points
