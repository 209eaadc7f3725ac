"""What the search believes: which settings of a pool promise most, by all that was observed."""

import math
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from sampler import draws
from sampler.coordinates import coordinates, metric
from sampler.gaussian_process import Floats, GaussianProcess, Rows, condition, fit_process
from sampler.guesses import with_guesses
from sampler.posterior import Posterior
from sampler.rounds import Observation
from sampler.space import SearchSpace
from sampler.values import Params

TELLING = 200  # a fit looks at no more trials than these: the best, and the latest of the others
FEWEST = 5  # values that a model needs
NEAR = 0.01  # of a range: settings that differ by less in everything are the same
GOOD = 0.35  # the part of the trials whose values are told apart by their differences
FARTHEST = 1e9  # of such distances: what is further from the best is as bad as that
DOUBT = 1.7  # for the model's own deviations, which do not know how sure its lengths are
FAR = 1e6  # standard deviations from the best: what is further is as hopeless
_DRAW = "/thompson"  # the address of the normal draws of a trial: no parameter's name


def telling(observations: Sequence[Observation]) -> list[Observation]:
    """The trials that a fit looks at, by number: the better half of its room, and the latest."""
    ranked = sorted(observations, key=_rank)
    best = ranked[: TELLING // 2]
    rest = sorted(ranked[TELLING // 2 :], key=lambda seen: -seen.number)
    return sorted([*best, *rest[: TELLING - len(best)]], key=lambda seen: seen.number)


def scores(observations: Sequence[Observation]) -> Floats:
    """A standard score for each observation, small is good: the logarithm of how far from the best.

    Distances count in parts of the distance to the value that GOOD of the trials reach: nearer than
    that, equal steps are equal, so near ties at the top are not torn apart; far beyond it, only
    orders of magnitude count, so outliers change little. A trial without a value counts as one of
    the worst.
    """
    values = np.array([_value(seen) for seen in observations])
    with np.errstate(over="ignore"):
        away = values - values.min() if np.isfinite(values).any() else values
    ended = away[np.isfinite(away)]
    if not (ended > 0.0).any():
        return np.where(np.isfinite(away), 0.0, 1.0)
    good = float(np.quantile(ended, GOOD)) or float(ended[ended > 0.0].min())
    with np.errstate(over="ignore"):
        parts = np.minimum(np.minimum(away, ended.max()) / good, FARTHEST)
    logs = np.log1p(parts)
    standard: Floats = (logs - logs.mean()) / logs.std()
    return standard


def fit_model(
    space: SearchSpace, observations: Sequence[Observation], coming: Sequence[Params] = ()
) -> GaussianProcess | None:
    """The process fitted to the telling trials; None when too few gave a value.

    `coming` are settings that are tried already, without a result yet: what the process expects of
    the latest of them is believed.
    """
    seen = telling(with_guesses(observations))
    if sum(math.isfinite(_value(one)) for one in seen) < FEWEST:
        return None
    values = scores(seen)
    fitted = fit_process(metric(space), coordinates(space, [one.params for one in seen]), values)
    if not coming:
        return fitted
    points = coordinates(space, coming[-TELLING:])
    return condition(
        fitted.metric,
        np.concatenate([fitted.points, points]),
        np.concatenate([values, fitted.mean_at(points)]),
        lengths=fitted.lengths,
        signal=fitted.signal,
        rough=fitted.rough,
        noise=fitted.noise,
    )


def untried(points: Floats, tried: Floats, *, enough: int) -> Rows:
    """The first row of each point that is NEAR to nothing tried; all rows if they are not enough.

    A search that has come to the bottom of a basin would else look for what nobody would notice,
    and with whole numbers and categories try the best again and again.
    """
    from scipy.spatial.distance import cdist

    _, first = np.unique(points, axis=0, return_index=True)
    first.sort()
    away = cdist(points[first], tried, "chebyshev").min(axis=1) >= NEAR
    rows: Rows = first[away]
    return rows if len(rows) >= enough else np.arange(len(points))


def pick(
    model: GaussianProcess,
    points: Floats,
    *,
    seed: int,
    numbers: Sequence[int],
    allowed: Mapping[int, Rows] = MappingProxyType({}),
    looks: Collection[int] = (),
) -> list[int]:
    """The row of `points` that each trial tries; none twice, while there are others.

    It is where most improvement is to be expected (J. Mockus, "On Bayesian methods for seeking the
    extremum", 1974) over the best that the model expects of what was tried. Each pick is believed
    to give what is expected of it before the next is made, so that a batch spreads: the "kriging
    believer" of D. Ginsbourger, R. Le Riche and L. Carraro, 2010. `looks` are trials that follow
    one function drawn from the posterior instead, as second looks do, which are to find out
    (W. R. Thompson, "On the likelihood that one unknown probability exceeds another", 1933).
    `allowed` has the rows of the trials that may not have them all.
    """
    posterior = Posterior(model, points, room=len(numbers))
    best = float(model.mean_at(model.points).min())
    free = np.ones(len(points), dtype=np.bool_)
    picked: list[int] = []
    for number in numbers:
        rows = np.flatnonzero(free)
        mine = allowed.get(number, rows)
        rows = mine[free[mine]] if free[mine].any() else rows
        mean = posterior.mean[rows]
        if number in looks:
            factor = np.linalg.cholesky(posterior.covariance(rows))
            drawn = factor @ normals(seed=seed, numbers=[number], count=len(rows))[0]
            row = int(rows[np.argmin(mean + drawn)])
        else:
            promise = improvement(mean, DOUBT * np.sqrt(posterior.variance[rows]), best)
            row = int(rows[np.argmax(promise)])
        posterior.believe(row)
        free[row] = False
        picked.append(row)
    return picked


def improvement(mean: Floats, deviation: Floats, best: float) -> Floats:
    """The logarithm of how far below `best` a normal value is to be expected, above it being 0.

    Far above the best, where the value itself is too small for a double, by the scaled
    complementary error function.
    """
    from scipy.special import erfcx, ndtr

    z = (best - mean) / deviation
    above, below = np.maximum(z, 0.0), np.clip(z, -FAR, 0.0)
    density = np.exp(-0.5 * above * above) / math.sqrt(2.0 * math.pi)
    near = np.log(density + above * ndtr(above))
    mills = math.sqrt(0.5 * math.pi) * erfcx(-math.sqrt(0.5) * below)
    far = np.log1p(below * mills) - 0.5 * below * below - 0.5 * math.log(2.0 * math.pi)
    logs: Floats = np.log(deviation) + np.where(z > 0.0, near, far)
    return logs


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
