"""What the search believes: which settings of a pool promise most, by all that was observed."""

import math
import statistics
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

TELLING = 240  # a fit looks at no more trials than these: the best, and the latest of the others
FEWEST = 5  # values that a model needs
NEAR = 0.01  # of a range: settings that differ by less in everything are the same
FLOOR = 1.0  # how far above the middle a bad value may stand out, in standard deviations
BY_VALUE = 0.5  # the part of a good score that is by value, not by rank
_DRAW = "/thompson"  # the address of the normal draws of a trial: no parameter's name


def telling(observations: Sequence[Observation]) -> list[Observation]:
    """The trials that a fit looks at, by number: the better half of its room, and the latest."""
    ranked = sorted(observations, key=_rank)
    best = ranked[: TELLING // 2]
    rest = sorted(ranked[TELLING // 2 :], key=lambda seen: -seen.number)
    return sorted([*best, *rest[: TELLING - len(best)]], key=lambda seen: seen.number)


def scores(observations: Sequence[Observation]) -> Floats:
    """A score for each observation, small is good, equal values score the same.

    The better half is scored half by rank, as a standard normal would lie, and half by value, from
    the best to the middle: ranks alone would magnify what tells the very best apart, values alone
    would follow outliers. The worse half is scored by rank, and from FLOOR on all are alike: what
    is far from the best need not be told apart. A trial without a value counts as one of the worst.
    """
    values = np.array([_value(seen) for seen in observations])
    by_rank = np.minimum(_normal_scores(values), FLOOR)
    best, middle = float(values.min()), float(np.median(values))
    if not (math.isfinite(middle) and math.isfinite(middle - best) and best < middle):
        return by_rank
    by_value = by_rank.min() * (middle - np.minimum(values, middle)) / (middle - best)
    mixed: Floats = np.where(
        values < middle, (1 - BY_VALUE) * by_rank + BY_VALUE * by_value, by_rank
    )
    return mixed


def _normal_scores(values: Floats) -> Floats:
    """Where each would lie among as many standard normal values; ties in the middle of theirs."""
    ordered = np.sort(values)
    first = np.searchsorted(ordered, values, side="left")
    last = np.searchsorted(ordered, values, side="right") - 1
    normal = statistics.NormalDist()
    quantiles = (first + last + 1) / (2 * len(values))
    return np.array([normal.inv_cdf(quantile) for quantile in quantiles.tolist()])


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
