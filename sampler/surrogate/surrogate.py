"""The surrogate of a search: scores of its observations, and a Gaussian process fitted to them."""

from collections.abc import Hashable, Sequence
from itertools import islice
from operator import attrgetter

import numpy as np

from caviar.sampler.ranking import ranked, value_of, with_value
from caviar.sampler.rounds import Observation
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.surrogate.features import features, metric
from caviar.sampler.surrogate.gaussian_process import GaussianProcess, condition, fit_process
from caviar.sampler.surrogate.imputation import with_imputed
from caviar.sampler.values import Floats, Params, Rows, identity, params_identity

MAX_FIT_TRIALS = 200  # a fit uses the best trials and the latest of the others
MIN_FIT_VALUES = 5
MIN_NOVELTY = 0.01  # of a range: settings that are closer in every feature count as the same
GOOD_QUANTILE = 0.35  # of the values: differences below it are scored linearly
MAX_DISTANCE = 1e9  # from the best value, in units of the distance to the good quantile

_NUMBER = attrgetter("number")


def training_subset(
    observations: Sequence[Observation], best: Sequence[Observation]
) -> list[Observation]:
    """The trials that a fit uses, by number: half of them the best, the rest the latest others.

    `best` are the observations with a value, as `ranked`.
    """
    best = best[: MAX_FIT_TRIALS // 2]
    chosen = {trial.number for trial in best}
    latest = sorted(observations, key=_NUMBER, reverse=True)
    others = (trial for trial in latest if trial.number not in chosen)
    return sorted([*best, *islice(others, MAX_FIT_TRIALS - len(best))], key=_NUMBER)


def scores(observations: Sequence[Observation]) -> Floats:
    """A standardized score for each observation, (n,); lower is better.

    The score is the log of 1 plus the distance to the best value, in units of the distance to the
    good quantile. Within that distance scores are nearly linear, so that near ties at the top stay
    close; far beyond it only orders of magnitude count, so that outliers have little effect. A
    trial without a value scores like one of the worst.
    """
    values = np.array([value_of(trial) for trial in observations])
    with np.errstate(over="ignore"):
        distances = values - values.min() if np.isfinite(values).any() else values
    finite = distances[np.isfinite(distances)]
    if not (finite > 0.0).any():
        return np.where(np.isfinite(distances), 0.0, 1.0)
    good = float(np.quantile(finite, GOOD_QUANTILE)) or float(finite[finite > 0.0].min())
    with np.errstate(over="ignore"):
        relative = np.minimum(np.minimum(distances, finite.max()) / good, MAX_DISTANCE)
    logs = np.log1p(relative)
    standard: Floats = (logs - logs.mean()) / logs.std()
    return standard


def fit_surrogate(
    space: SearchSpace,
    observations: Sequence[Observation],
    pending: Sequence[Params] = (),
    *,
    best: Sequence[Observation] | None = None,
) -> GaussianProcess | None:
    """The process fitted to a subset of the trials; None with fewer than MIN_FIT_VALUES values.

    `pending` are settings without a result yet: the process is conditioned on its mean at the
    latest of them. `best` are the `ranked` observations, if the caller has them.
    """
    imputed = with_imputed(observations)
    if best is None or imputed is not observations:
        best = ranked(imputed)
    training = training_subset(imputed, best)
    if len(with_value(training)) < MIN_FIT_VALUES:
        return None
    values = scores(training)
    points = features(space, [trial.params for trial in training])
    fitted = fit_process(metric(space), points, values)
    if not pending:
        return fitted
    pending_points = features(space, pending[-MAX_FIT_TRIALS:])
    return condition(
        fitted.metric,
        np.concatenate([fitted.points, pending_points]),
        np.concatenate([values, fitted.mean_at(pending_points)]),
        lengthscales=fitted.lengthscales,
        signal=fitted.signal,
        rough=fitted.rough,
        noise=fitted.noise,
    )


def tried_before(
    space: SearchSpace, pool: Sequence[Sequence[float]], tried: Sequence[Observation]
) -> list[bool]:
    """Which points of the unit cube have a setting that was tried exactly.

    With an unconditional continuous parameter, only an exact copy of a trial repeats a setting,
    and `untried` finds copies among the points of the surrogate.
    """
    parameters = space.parameters.values()
    if any(not p.when and p.varies and not p.discrete for p in parameters):
        return [False] * len(pool)
    settings = [space.at(point) for point in pool]
    name = next(iter(space.parameters))
    firsts = {_first(name, setting) for setting in settings}
    similar = [trial.params for trial in tried if _first(name, trial.params) in firsts]
    known = {params_identity(params) for params in similar}
    return [params_identity(setting) in known for setting in settings]


def _first(name: str, params: Params) -> Hashable:
    """The value of a parameter, None where it is inactive."""
    return (identity(params[name]),) if name in params else None


def untried(points: Floats, tried: Floats, *, repeated: Sequence[bool], needed: int) -> Rows:
    """The rows of distinct points at least MIN_NOVELTY away from everything tried.

    If fewer than `needed`, the rows of points that were not tried exactly; if these are too few as
    well, all rows. `repeated` marks rows that were tried exactly: of a long history, `tried` has
    only the points of the surrogate.

    Without this, a search that has converged would try settings without a noticeable difference,
    and with whole numbers and categories the best setting again and again.
    """
    from scipy.spatial.distance import cdist

    _, first = np.unique(points, axis=0, return_index=True)
    first.sort()
    first = first[~np.array(repeated)[first]]
    distances = cdist(points[first], tried, "chebyshev").min(axis=1, initial=np.inf)
    stages: list[Rows] = [first[distances >= MIN_NOVELTY], first[distances > 0.0]]
    return next((rows for rows in stages if len(rows) >= needed), np.arange(len(points)))
