"""A Gaussian process: what values to expect at settings not yet tried, and how surely.

C. E. Rasmussen and C. K. I. Williams, "Gaussian processes for machine learning", 2006: the
posterior is eq. 2.23 to 2.24, the marginal likelihood 5.8 and its gradient 5.9, the Matern 5/2
kernel 4.17, the exponential one 4.18. One length for each parameter; where it is long, the
parameter does not matter. Beside the smooth trend there is a rough rest: what settings near each
other have in common that no smooth function has, for networks have such steps and ridges.
"""

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = NDArray[np.intp]

JITTER = 1e-8  # added to the diagonal, so that equal settings do no harm
ITERATIONS = 40
BOUND = 4.0  # deviations of a prior, from its most likely value to where a fit ends
NEAREST = 1e-6  # of a length: nearer than that, a gradient is that of equal settings

LENGTH_SPREAD = 1.0  # priors: standard deviations of logarithms around their most likely values
SIGNAL, SIGNAL_SPREAD = 1.0, 0.7
ROUGH, ROUGH_SPREAD = 0.05, 1.5
NOISE, NOISE_SPREAD = 0.01, 2.0
LENGTH = 0.3  # for one parameter; more parameters, longer lengths, so that far is as far as before

_ROOT5 = math.sqrt(5.0)


@dataclass(frozen=True, kw_only=True)
class Metric:
    """Which feature columns belong to which parameter: `owner[c]` is the place of column c's."""

    owner: tuple[int, ...]
    count: int

    def squares(self, one: Floats, other: Floats) -> Floats:
        """Squared distances by parameter: (parameters, rows of one, rows of other)."""
        squares = np.zeros((self.count, len(one), len(other)))
        for column, place in enumerate(self.owner):
            squares[place] += (one[:, column, None] - other[None, :, column]) ** 2
        return squares

    def distances(self, one: Floats, other: Floats, lengths: Floats) -> Floats:
        """Distances in lengths, without a matrix for each parameter."""
        scale = lengths[list(self.owner)]
        a, b = one / scale, other / scale
        squares = (a * a).sum(1)[:, None] + (b * b).sum(1)[None, :] - 2 * a @ b.T
        distances: Floats = np.sqrt(np.maximum(squares, 0.0))
        return distances


@dataclass(frozen=True, kw_only=True)
class GaussianProcess:
    """A process fitted to `points` (n, columns) and `values` (n,), which are about standard."""

    metric: Metric
    points: Floats
    values: Floats
    lengths: Floats
    signal: float
    rough: float
    noise: float
    mean: float
    factor: Floats
    alpha: Floats

    @property
    def variance(self) -> float:
        """Of a value of which nothing is known, free of noise."""
        return self.signal + self.rough

    @property
    def logs(self) -> Floats:
        """The logs of lengths, signal, rough and noise, as `log_posterior` takes them."""
        logs: Floats = np.log([*self.lengths, self.signal, self.rough, self.noise])
        return logs

    @property
    def best(self) -> float:
        """The least that it expects of what was tried."""
        return float(self.mean_at(self.points).min())

    def kernel(self, one: Floats, other: Floats) -> Floats:
        """Covariances (rows of one, rows of other) before any value is known."""
        distances = self.metric.distances(one, other, self.lengths)
        return covariance(distances, signal=self.signal, rough=self.rough)

    def mean_at(self, points: Floats) -> Floats:
        """What to expect at other points, (m,)."""
        across = self.kernel(points, self.points)
        expected: Floats = self.mean + across @ self.alpha
        return expected


def matern(distances: Floats) -> Floats:
    """The Matern 5/2 correlation at distances in lengths."""
    r = _ROOT5 * distances
    correlation: Floats = (1.0 + r + r * r / 3.0) * np.exp(-r)
    return correlation


def covariance(distances: Floats, *, signal: float, rough: float) -> Floats:
    """Of values at distances in lengths: the smooth trend's and the rough rest's."""
    total: Floats = signal * matern(distances) + rough * np.exp(-distances)
    return total


def fit_process(metric: Metric, points: Floats, values: Floats) -> GaussianProcess:
    """The process with the most likely lengths, signal, rough and noise, under weak priors.

    From a fixed start by L-BFGS with the exact gradient, so that the same data give the same fit.
    """
    from scipy.optimize import minimize

    squares = metric.squares(points, points)
    centre, spread = priors(metric.count)
    found: Any = minimize(
        log_posterior,
        centre,
        args=(squares, values, centre, spread),
        jac=True,
        method="L-BFGS-B",
        bounds=np.stack([centre - BOUND * spread, centre + BOUND * spread], axis=1),
        options={"maxiter": ITERATIONS, "maxfun": 2 * ITERATIONS},
    )
    return with_logs(metric, points, values, found.x)


def priors(count: int) -> tuple[Floats, Floats]:
    """Most likely logs of `count` lengths, signal, rough and noise, and their deviations."""
    usual = math.log(LENGTH) + 0.5 * math.log(count)
    centre = np.array([usual] * count + [math.log(one) for one in (SIGNAL, ROUGH, NOISE)])
    spread = np.array([LENGTH_SPREAD] * count + [SIGNAL_SPREAD, ROUGH_SPREAD, NOISE_SPREAD])
    return centre, spread


def with_logs(metric: Metric, points: Floats, values: Floats, logs: Floats) -> GaussianProcess:
    """The process whose lengths, signal, rough and noise have these logs, given the values."""
    lengths, (signal, rough, noise) = np.exp(logs[:-3]), np.exp(logs[-3:]).tolist()
    return condition(
        metric, points, values, lengths=lengths, signal=signal, rough=rough, noise=noise
    )


def condition(
    metric: Metric,
    points: Floats,
    values: Floats,
    *,
    lengths: Floats,
    signal: float,
    rough: float,
    noise: float,
) -> GaussianProcess:
    """The process of these lengths, signal, rough and noise, given the values."""
    from scipy.linalg import cho_solve, cholesky

    distances = metric.distances(points, points, lengths)
    kernel = covariance(distances, signal=signal, rough=rough)
    kernel[np.diag_indices_from(kernel)] += noise + JITTER
    factor = cholesky(kernel, lower=True, check_finite=False)
    ones = cho_solve((factor, True), np.ones(len(values)), check_finite=False)
    mean = float(ones @ values / ones.sum())
    alpha = cho_solve((factor, True), values - mean, check_finite=False)
    return GaussianProcess(
        metric=metric,
        points=points,
        values=values,
        lengths=lengths,
        signal=signal,
        rough=rough,
        noise=noise,
        mean=mean,
        factor=factor,
        alpha=alpha,
    )


class Slopes:
    """How the covariances of values, (n, n), follow the logs of lengths, signal, rough and noise.

    By the log of a parameter's length, the slope is its `weights` times its squared distances times
    `steep` of the trend and of the rest; by those of signal and rough, it is `trend` and `rest`.
    """

    def __init__(self, logs: Floats, squares: Floats) -> None:
        lengths, (self._signal, rough, self.noise) = np.exp(logs[:-3]), np.exp(logs[-3:]).tolist()
        self.weights = lengths**-2
        distances = np.sqrt(np.tensordot(self.weights, squares, axes=1))
        r = _ROOT5 * distances
        self._decay, drop = np.exp(-r), np.exp(-distances)
        self.trend = self._signal * (1.0 + r + r * r / 3.0) * self._decay
        self.rest = rough * drop
        self._near = np.maximum(distances, NEAREST)
        self.steep_trend = self._signal * (5.0 / 3.0) * (1.0 + r) * self._decay
        self.steep_rest = self.rest / self._near

    def covariance(self) -> Floats:
        """Of values seen through the noise."""
        total: Floats = self.trend + self.rest
        total[np.diag_indices_from(total)] += self.noise + JITTER
        return total

    def bend(self) -> Floats:
        """By the logs of two lengths, the second slope is this times what both have before `steep`.

        For a length and itself, twice the slope is to be taken from it.
        """
        rest = self.rest * (1.0 + 1.0 / self._near) / self._near**2
        bend: Floats = self._signal * (25.0 / 3.0) * self._decay + rest
        return bend


def log_posterior(
    logs: Floats, squares: Floats, values: Floats, centre: Floats, spread: Floats
) -> tuple[float, Floats]:
    """The negative log of likelihood times priors, and its gradient, by the logs.

    The logs are those of the lengths, then of signal, rough and noise.
    """
    from scipy.linalg import cho_solve, cholesky
    from scipy.linalg.lapack import dpotri

    slopes = Slopes(logs, squares)
    factor = cholesky(slopes.covariance(), lower=True, check_finite=False)
    centred = values - values.mean()
    alpha = cho_solve((factor, True), centred, check_finite=False)
    lower, _ = dpotri(factor, lower=1)
    inverse = np.tril(lower) + np.tril(lower, -1).T
    # d(-log likelihood) = -1/2 trace((alpha alpha' - inverse) dK)
    pull = np.outer(alpha, alpha) - inverse
    gradient = np.empty_like(logs)
    steep = slopes.steep_trend + slopes.steep_rest
    gradient[:-3] = -0.5 * slopes.weights * np.tensordot(squares, pull * steep, axes=2)
    gradient[-3] = -0.5 * np.sum(pull * slopes.trend)
    gradient[-2] = -0.5 * np.sum(pull * slopes.rest)
    gradient[-1] = -0.5 * slopes.noise * np.trace(pull)
    away = (logs - centre) / spread
    loss = 0.5 * centred @ alpha + np.log(np.diag(factor)).sum() + 0.5 * away @ away
    return float(loss), gradient + away / spread
