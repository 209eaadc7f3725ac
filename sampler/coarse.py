"""A coarse look: a few settings that leave no part of any range unseen."""

from collections.abc import Sequence

import numpy as np

from sampler import draws
from sampler.rounds import Box
from sampler.space import SearchSpace


def spread(space: SearchSpace, box: Box, *, seed: int, numbers: Sequence[int]) -> list[list[float]]:
    """A point of the box for each trial, so that each parameter has one in each even part of it.

    M. McKay, R. Beckman and W. Conover, "A comparison of three methods for selecting values of
    input variables", 1979: a Latin hypercube, its shuffle keyed by the parameter's name.
    """
    names = list(space.parameters)
    words = draws.units(
        seed=seed, numbers=np.array(numbers)[:, None], names=names, indices=np.arange(2)[None, :]
    )
    within, shuffle = words[:, 0], words[:, 1]
    part = np.argsort(np.argsort(shuffle, axis=0, kind="stable"), axis=0)
    units = (part + within) / len(numbers)
    low, high = np.array([box[name] for name in names]).T
    points: list[list[float]] = np.clip(low + units * (high - low), low, high).tolist()
    return points
