"""Favourites: the trials that the model believes best, around which candidates are drawn.

The elites, by their values, are what a round shows and what its box is made of. Where trials are
noisy, the best values are partly luck, and who draws around them follows it; what the model expects
of a trial counts its neighbours, too.
"""

from collections.abc import Sequence

from caviar.sampler.rounds import Observation
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.surrogate.features import features
from caviar.sampler.surrogate.gaussian_process import GaussianProcess
from caviar.sampler.surrogate.surrogate import MAX_FIT_TRIALS


def incumbents(
    model: GaussianProcess, space: SearchSpace, best: Sequence[Observation], *, count: int
) -> list[Observation]:
    """The `count` trials, of those with a value, of which the model expects most, best first.

    They are given as `ranked`; of many only the first are asked about, as many as a fit looks at.
    Ties go to the lower number.
    """
    best = best[:MAX_FIT_TRIALS]
    expected = model.mean_at(features(space, [one.params for one in best])).tolist()
    liked = sorted(zip(expected, best, strict=True), key=lambda pair: (pair[0], pair[1].number))
    return [one for _, one in liked[:count]]
