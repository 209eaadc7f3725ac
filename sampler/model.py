"""What the search believes: which settings of a pool promise most, by all that was observed."""

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sampler import draws
from sampler.coordinates import coordinates, metric
from sampler.gaussian_process import Floats, GaussianProcess, fit_process
from sampler.guesses import with_guesses
from sampler.rounds import Observation
from sampler.space import SearchSpace

Rows: TypeAlias = NDArray[np.intp]

TELLING = 200  # a fit looks at no more trials than these: the best, and the latest of the others
FEWEST = 5  # values that a model needs
NEAR = 0.01  # of a range: settings that differ by less in everything are the same
GOOD = 0.35  # the part of the trials whose values are told apart by their differences
FARTHEST = 1e9  # of such distances: what is further from the best is as bad as that
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


def fit_model(space: SearchSpace, observations: Sequence[Observation]) -> GaussianProcess | None:
    """The process fitted to the telling trials; None when too few gave a value."""
    seen = telling(with_guesses(observations))
    if sum(math.isfinite(_value(one)) for one in seen) < FEWEST:
        return None
    points = coordinates(space, [one.params for one in seen])
    return fit_process(metric(space), points, scores(seen))


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
    allowed: Mapping[int, NDArray[np.bool_]] | None = None,
) -> list[int]:
    """The row of `points` that each trial tries: the best of one function drawn for it.

    W. R. Thompson, "On the likelihood that one unknown probability exceeds another", 1933: each
    trial believes one draw from the posterior, so that a batch spreads as far as beliefs differ.
    No row is tried twice. `allowed` has masks of rows for the trials that may not have them all.
    """
    mean, covariance = model.posterior(points)
    covariance[np.diag_indices_from(covariance)] += 1e-6
    factor = np.linalg.cholesky(covariance)
    functions = mean + normals(seed=seed, numbers=numbers, count=len(points)) @ factor.T
    free = np.ones(len(points), dtype=np.bool_)
    picked: list[int] = []
    for number, values in zip(numbers, functions, strict=True):
        mine = free & allowed[number] if allowed and number in allowed else free
        rows = np.flatnonzero(mine if mine.any() else free)
        picked.append(int(rows[np.argmin(values[rows])]))
        free[picked[-1]] = False
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
