"""Incumbents: the trials with the best posterior means, around which candidates are drawn.

The elites, chosen by value, determine the box of a round and are shown with it. With noisy values
the best of them are partly lucky, so drawing around them follows the noise. The posterior mean of
a trial also takes its neighbours into account.
"""

from collections.abc import Sequence

from caviar.sampler.rounds import Observation
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.surrogate.features import features
from caviar.sampler.surrogate.gaussian_process import GaussianProcess
from caviar.sampler.surrogate.surrogate import MAX_FIT_TRIALS


def incumbents(
    surrogate: GaussianProcess, space: SearchSpace, best: Sequence[Observation], *, count: int
) -> list[Observation]:
    """The `count` trials with the lowest posterior means, best first.

    `best` are the trials with a value, as `ranked`; only the first MAX_FIT_TRIALS are considered.
    Ties go to the lower number.
    """
    best = best[:MAX_FIT_TRIALS]
    means = surrogate.mean_at(features(space, [trial.params for trial in best])).tolist()
    by_mean = sorted(zip(means, best, strict=True), key=lambda pair: (pair[0], pair[1].number))
    return [trial for _, trial in by_mean[:count]]
