"""Favourites: the trials that the model believes best, around which candidates are drawn.

The elites, by their values, are what a round shows and what its box is made of. Where trials are
noisy, the best values are partly luck, and who draws around them follows it; what the model expects
of a trial counts its neighbours, too.
"""

import math
from collections.abc import Sequence
from heapq import nsmallest
from operator import itemgetter

from sampler.coordinates import coordinates
from sampler.gaussian_process import GaussianProcess
from sampler.model import TELLING
from sampler.rounds import Observation
from sampler.space import SearchSpace


def favourites(
    model: GaussianProcess, space: SearchSpace, seen: Sequence[Observation], *, count: int
) -> list[Observation]:
    """The `count` trials with a finite value of which the model expects most, best first.

    Of a long history only the best by their values are asked about, as many as a fit looks at. Ties
    go to the lower number, so the order of the observations does not matter.
    """
    ended = [
        (one.value, one.number, one)
        for one in seen
        if one.value is not None and math.isfinite(one.value)
    ]
    best = [one for _, _, one in nsmallest(TELLING, ended, key=itemgetter(0, 1))]
    expected = model.mean_at(coordinates(space, [one.params for one in best])).tolist()
    ranked = sorted(zip(expected, best, strict=True), key=lambda pair: (pair[0], pair[1].number))
    return [one for _, one in ranked[:count]]
