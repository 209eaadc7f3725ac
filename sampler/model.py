"""What the search believes: which settings of a pool promise most, by all that was observed."""

import math
import statistics
from collections.abc import Sequence

import numpy as np

from sampler import draws
from sampler.coordinates import coordinates, metric
from sampler.gaussian_process import Floats, GaussianProcess, fit_process
from sampler.rounds import Observation
from sampler.space import SearchSpace

TELLING = 300  # a fit looks at no more trials than these: the best, and the latest of the others
FEWEST = 5  # values that a model needs
FLOOR = 1.0  # how far above the middle a bad value may stand out, in standard deviations
BOLDNESS = 1.0  # how far beliefs are drawn from the mean: 1 is Thompson's rule
_DRAW = "/thompson"  # the address of the normal draws of a trial: no parameter's name


def telling(observations: Sequence[Observation]) -> list[Observation]:
    """The trials that a fit looks at, by number: the better half of its room, and the latest."""
    ranked = sorted(observations, key=_rank)
    best = ranked[: TELLING // 2]
    rest = sorted(ranked[TELLING // 2 :], key=lambda seen: -seen.number)
    return sorted([*best, *rest[: TELLING - len(best)]], key=lambda seen: seen.number)


def scores(observations: Sequence[Observation]) -> Floats:
    """A standard score for each observation, by rank: small is good, equal values score the same.

    Ranks know no outliers and no scale. A trial without a value counts as one of the worst, and
    among the bad ones all are alike: what is far from the best need not be told apart.
    """
    keys = [_value(seen) for seen in observations]
    order = sorted(keys)
    count = len(keys)
    first = {key: place for place, key in reversed(list(enumerate(order)))}
    last = {key: place for place, key in enumerate(order)}
    normal = statistics.NormalDist()
    ranks = [(first[key] + last[key]) / 2 for key in keys]
    raw = np.array([normal.inv_cdf((rank + 0.5) / count) for rank in ranks])
    capped: Floats = np.minimum(raw, FLOOR)
    return capped


def fit_model(space: SearchSpace, observations: Sequence[Observation]) -> GaussianProcess | None:
    """The process fitted to the telling trials; None when too few gave a value."""
    seen = telling(observations)
    if sum(math.isfinite(_value(one)) for one in seen) < FEWEST:
        return None
    points = coordinates(space, [one.params for one in seen])
    return fit_process(metric(space), points, scores(seen))


def pick(model: GaussianProcess, points: Floats, *, seed: int, numbers: Sequence[int]) -> list[int]:
    """The row of `points` that each trial tries: the best of one function drawn for it.

    W. R. Thompson, "On the likelihood that one unknown probability exceeds another", 1933: each
    trial believes one draw from the posterior, so that a batch spreads as far as beliefs differ.
    No row is tried twice.
    """
    mean, covariance = model.posterior(points)
    covariance[np.diag_indices_from(covariance)] += 1e-6
    factor = np.linalg.cholesky(covariance)
    normal = normals(seed=seed, numbers=numbers, count=len(points))
    functions = mean[:, None] + BOLDNESS * (factor @ normal.T)
    picked: list[int] = []
    for column in functions.T:
        column[picked] = np.inf
        picked.append(int(np.argmin(column)))
    return picked


def normals(*, seed: int, numbers: Sequence[int], count: int) -> Floats:
    """(numbers, count) standard normal draws, by Box and Muller's formula, 1958."""
    half = (count + 1) // 2
    units = draws.units(
        seed=seed,
        numbers=np.array(numbers)[:, None],
        names=[_DRAW],
        indices=np.arange(2 * half)[None, :],
    )[:, :, 0]
    radius = np.sqrt(-2.0 * np.log1p(-units[:, :half] * (1.0 - 2.0**-53)))
    angle = 2.0 * np.pi * units[:, half:]
    both = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return both[:, :count]


def _value(seen: Observation) -> float:
    return seen.value if seen.value is not None and math.isfinite(seen.value) else math.inf


def _rank(seen: Observation) -> tuple[float, int]:
    return _value(seen), seen.number
