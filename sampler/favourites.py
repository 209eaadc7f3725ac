"""Favourites: the trials that the model believes best, around which candidates are drawn.

The elites, by their values, are what a round shows and what its box is made of. Where trials are
noisy, the best values are partly luck, and who draws around them follows it; what the model expects
of a trial counts its neighbours, too.
"""

import math
from collections.abc import Sequence

from sampler.coordinates import coordinates
from sampler.gaussian_process import GaussianProcess
from sampler.rounds import Observation
from sampler.space import SearchSpace


def favourites(
    model: GaussianProcess, space: SearchSpace, seen: Sequence[Observation], *, count: int
) -> list[Observation]:
    """The `count` trials with a finite value of which the model expects most, best first.

    Ties go to the lower number, so the order of the observations does not matter.
    """
    ended = [one for one in seen if one.value is not None and math.isfinite(one.value)]
    expected = model.mean_at(coordinates(space, [one.params for one in ended])).tolist()
    ranked = sorted(zip(expected, ended, strict=True), key=lambda pair: (pair[0], pair[1].number))
    return [one for _, one in ranked[:count]]
