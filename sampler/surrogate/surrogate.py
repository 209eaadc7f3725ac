"""What the search believes: a process fitted to all that was observed."""

from collections.abc import Sequence
from itertools import islice
from operator import attrgetter

import numpy as np

from caviar.sampler.ranking import ranked, value_of, with_value
from caviar.sampler.rounds import Observation
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.surrogate.features import features, metric
from caviar.sampler.surrogate.gaussian_process import (
    Floats,
    GaussianProcess,
    Rows,
    condition,
    fit_process,
)
from caviar.sampler.surrogate.imputation import with_imputed
from caviar.sampler.values import Params

MAX_FIT_TRIALS = (
    200  # a fit looks at no more trials than these: the best, and the latest of the others
)
FEWEST = 5  # values that a model needs
NEAR = 0.01  # of a range: settings that differ by less in everything are the same
GOOD = 0.35  # the part of the trials whose values are told apart by their differences
FARTHEST = 1e9  # of such distances: what is further from the best is as bad as that

_NUMBER = attrgetter("number")


def training_subset(
    observations: Sequence[Observation], best: Sequence[Observation]
) -> list[Observation]:
    """The trials that a fit looks at, by number: the better half of its room, and the latest.

    The `best` are those of the observations with a value, as `ranked`.
    """
    best = best[: MAX_FIT_TRIALS // 2]
    among = {one.number for one in best}
    latest = sorted(observations, key=_NUMBER, reverse=True)
    rest = islice((one for one in latest if one.number not in among), MAX_FIT_TRIALS - len(best))
    return sorted([*best, *rest], key=_NUMBER)


def scores(observations: Sequence[Observation]) -> Floats:
    """A standard score for each observation, small is good: the logarithm of how far from the best.

    Distances count in parts of the distance to the value that GOOD of the trials reach: nearer than
    that, equal steps are equal, so near ties at the top are not torn apart; far beyond it, only
    orders of magnitude count, so outliers change little. A trial without a value counts as one of
    the worst.
    """
    values = np.array([value_of(seen) for seen in observations])
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


def fit_surrogate(
    space: SearchSpace,
    observations: Sequence[Observation],
    coming: Sequence[Params] = (),
    *,
    best: Sequence[Observation] | None = None,
) -> GaussianProcess | None:
    """The process fitted to the telling trials; None when too few gave a value.

    `coming` are settings that are tried already, without a result yet: what the process expects of
    the latest of them is believed. Who has the observations `ranked` gives them as `best`.
    """
    guessed = with_imputed(observations)
    if best is None or guessed is not observations:
        best = ranked(guessed)
    seen = training_subset(guessed, best)
    if len(with_value(seen)) < FEWEST:
        return None
    values = scores(seen)
    fitted = fit_process(metric(space), features(space, [one.params for one in seen]), values)
    if not coming:
        return fitted
    points = features(space, coming[-MAX_FIT_TRIALS:])
    return condition(
        fitted.metric,
        np.concatenate([fitted.points, points]),
        np.concatenate([values, fitted.mean_at(points)]),
        lengthscales=fitted.lengthscales,
        signal=fitted.signal,
        rough=fitted.rough,
        noise=fitted.noise,
    )


def tried_before(
    space: SearchSpace, pool: Sequence[Sequence[float]], seen: Sequence[Observation]
) -> list[bool]:
    """At which points of the unit cube settings were tried, bit for bit.

    Where a number that every setting has is from a continuum, only a trial that is kept as it was
    is tried again, and of those the model has the points.
    """
    if any(not one.when and one.varies and not one.discrete for one in space.parameters.values()):
        return [False] * len(pool)
    settings = [space.at(point) for point in pool]
    names = tuple(space.parameters)
    wanted = {setting.get(names[0]) for setting in settings}
    alike = [one.params for one in seen if one.params.get(names[0]) in wanted]
    known = {tuple(map(params.get, names)) for params in alike}
    return [tuple(map(setting.get, names)) in known for setting in settings]


def untried(points: Floats, tried: Floats, *, again: Sequence[bool], enough: int) -> Rows:
    """The first row of each point that is NEAR to nothing tried.

    If they are not enough those that were not tried themselves, and if these are not, all rows.

    A search that has come to the bottom of a basin would else look for what nobody would notice,
    and with whole numbers and categories try the best again and again. Rows `again` were tried
    bit for bit: of a long history the model's points `tried` are only a part.
    """
    from scipy.spatial.distance import cdist

    _, first = np.unique(points, axis=0, return_index=True)
    first.sort()
    first = first[~np.array(again)[first]]
    away = cdist(points[first], tried, "chebyshev").min(axis=1, initial=np.inf)
    several: list[Rows] = [first[away >= NEAR], first[away > 0.0]]
    return next((rows for rows in several if len(rows) >= enough), np.arange(len(points)))
