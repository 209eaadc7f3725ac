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
TOLERANCE = 3e-6  # of the log posterior: a step that gains less is the last
BOUND = 4.0  # deviations of a prior, from its most likely value to where a fit ends
SMALL = 50  # rows of a triangle that is inverted at once
NEAREST = 1e-6  # of a length: nearer than that, a gradient is that of equal settings

LENGTHSCALE_SPREAD = (
    1.0  # priors: standard deviations of logarithms around their most likely values
)
SIGNAL, SIGNAL_SPREAD = 1.0, 0.7
ROUGH, ROUGH_SPREAD = 0.05, 1.5
NOISE, NOISE_SPREAD = 0.01, 2.0
LENGTHSCALE = (
    0.3  # for one parameter; more parameters, longer lengths, so that far is as far as before
)

_ROOT5 = math.sqrt(5.0)


@dataclass(frozen=True, kw_only=True)
class Metric:
    """Which feature columns belong to which parameter: `owner[c]` is the place of column c's."""

    owner: tuple[int, ...]
    count: int

    def squares(self, points: Floats) -> Floats:
        """Squared distances by parameter: (parameters, pairs), each pair once, as `squareform`."""
        from scipy.spatial.distance import pdist

        squares = np.empty((self.count, len(points) * (len(points) - 1) // 2))
        for place in range(self.count):
            columns = [column for column, owner in enumerate(self.owner) if owner == place]
            pdist(points[:, columns], "sqeuclidean", out=squares[place])
        return squares

    def scaled(self, points: Floats, lengthscales: Floats) -> Floats:
        """The points with each parameter's length for unit, so that distances are in lengths."""
        scaled: Floats = points / lengthscales[list(self.owner)]
        return scaled

    def distances(self, one: Floats, other: Floats, lengthscales: Floats) -> Floats:
        """Distances in lengths, without a matrix for each parameter."""
        a, b = self.scaled(one, lengthscales), self.scaled(other, lengthscales)
        squares = (a * a).sum(1)[:, None] + (b * b).sum(1)[None, :] - 2 * a @ b.T
        distances: Floats = np.sqrt(np.maximum(squares, 0.0))
        return distances


@dataclass(frozen=True, kw_only=True)
class GaussianProcess:
    """A process fitted to `points` (n, columns) and `values` (n,), which are about standard."""

    metric: Metric
    points: Floats
    values: Floats
    lengthscales: Floats
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
    def theta(self) -> Floats:
        """The logs of lengths, signal, rough and noise, as `log_posterior` takes them."""
        theta: Floats = np.log([*self.lengthscales, self.signal, self.rough, self.noise])
        return theta

    @property
    def best(self) -> float:
        """The least that it expects of what was tried."""
        return float(self.mean_at(self.points).min())

    def kernel(self, one: Floats, other: Floats) -> Floats:
        """Covariances (rows of one, rows of other) before any value is known."""
        return self.covariance(self.metric.distances(one, other, self.lengthscales))

    def covariance(self, distances: Floats) -> Floats:
        """The same of settings at such distances, in lengths."""
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

    squares = metric.squares(points)
    centre, spread = priors(metric.count)

    def loss(away: Floats) -> tuple[float, Floats]:
        value, gradient = log_posterior(centre + away * spread, squares, values, centre, spread)
        return value, gradient * spread

    # In deviations of the priors, in which the steps in all directions are about alike.
    found: Any = minimize(
        loss,
        np.zeros(len(centre)),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-BOUND, BOUND)] * len(centre),
        options={"maxiter": ITERATIONS, "maxfun": 2 * ITERATIONS, "ftol": TOLERANCE},
    )
    return with_hyperparameters(metric, points, values, centre + found.x * spread)


def priors(count: int) -> tuple[Floats, Floats]:
    """Most likely logs of `count` lengths, signal, rough and noise, and their deviations."""
    usual = math.log(LENGTHSCALE) + 0.5 * math.log(count)
    centre = np.array([usual] * count + [math.log(one) for one in (SIGNAL, ROUGH, NOISE)])
    spread = np.array([LENGTHSCALE_SPREAD] * count + [SIGNAL_SPREAD, ROUGH_SPREAD, NOISE_SPREAD])
    return centre, spread


def with_hyperparameters(
    metric: Metric, points: Floats, values: Floats, theta: Floats
) -> GaussianProcess:
    """The process whose lengths, signal, rough and noise have these logs, given the values."""
    lengthscales, (signal, rough, noise) = (
        np.exp(theta[:-3]),
        np.exp(theta[-3:]).tolist(),
    )
    return condition(
        metric, points, values, lengthscales=lengthscales, signal=signal, rough=rough, noise=noise
    )


def condition(
    metric: Metric,
    points: Floats,
    values: Floats,
    *,
    lengthscales: Floats,
    signal: float,
    rough: float,
    noise: float,
) -> GaussianProcess:
    """The process of these lengths, signal, rough and noise, given the values."""
    from scipy.linalg import cho_solve, cholesky

    distances = metric.distances(points, points, lengthscales)
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
        lengthscales=lengthscales,
        signal=signal,
        rough=rough,
        noise=noise,
        mean=mean,
        factor=factor,
        alpha=alpha,
    )


class KernelGradient:
    """How the covariances of values follow the logs of lengths, signal, rough and noise.

    `squares` has the squared distances of values by parameter, (parameters, …); all else here is
    of the shape of one of these. By the log of a parameter's length, the slope is its `weights`
    times its squared distances times `steep` of the trend and of the rest; by those of signal and
    rough, it is `trend` and `rest`.
    """

    def __init__(self, theta: Floats, squares: Floats) -> None:
        self.signal, self.rough, self.noise = np.exp(theta[-3:]).tolist()
        self.weights = np.exp(-2.0 * theta[:-3])
        distances = np.sqrt(np.tensordot(self.weights, squares, axes=1))
        r = _ROOT5 * distances
        self._decay = self.signal * np.exp(-r)
        near = self._decay * (1.0 + r)
        self.trend = near + self._decay * (r * r / 3.0)
        self.rest = self.rough * np.exp(-distances)
        self._near = np.maximum(distances, NEAREST)
        self.steep_trend = (5.0 / 3.0) * near
        self.steep_rest = self.rest / self._near

    def bend(self) -> Floats:
        """By the logs of two lengths, the second slope is this times what both have before `steep`.

        For a length and itself, twice the slope is to be taken from it.
        """
        rest = self.rest * (1.0 + 1.0 / self._near) / self._near**2
        bend: Floats = (25.0 / 3.0) * self._decay + rest
        return bend


def inverse_lower(factor: Floats) -> Floats:
    """The lower half of the inverse of the matrix with this lower Cholesky factor."""
    from scipy.linalg.lapack import dlauum

    inverse = np.zeros_like(factor, order="F")
    _invert(factor, inverse)
    product: Floats = dlauum(inverse, lower=1, overwrite_c=1)[0]
    return product


def _invert(lower: Floats, inverse: Floats) -> None:
    """Write the inverse of a lower triangle into a matrix of zeros, by halves.

    LAPACK's own, which takes a column after another, takes twice as long.
    """
    from scipy.linalg.lapack import dtrtri

    if len(lower) <= SMALL:
        inverse[:] = dtrtri(lower, lower=1)[0]
        return
    half = len(lower) // 2
    _invert(lower[:half, :half], inverse[:half, :half])
    _invert(lower[half:, half:], inverse[half:, half:])
    inverse[half:, :half] = -inverse[half:, half:] @ (lower[half:, :half] @ inverse[:half, :half])


def log_posterior(
    theta: Floats, squares: Floats, values: Floats, centre: Floats, spread: Floats
) -> tuple[float, Floats]:
    """The negative log of likelihood times priors, and its gradient, by the logs.

    The logs are those of the lengths, then of signal, rough and noise; `squares` are of the pairs.
    """
    from scipy.linalg import cho_solve, cholesky
    from scipy.spatial.distance import squareform

    slopes = KernelGradient(theta, squares)
    kernel = squareform(slopes.trend + slopes.rest, checks=False)
    np.fill_diagonal(kernel, slopes.signal + slopes.rough + slopes.noise + JITTER)
    # In place, and lower halves in Fortran's order: to copy would take as long as to factor.
    factor = cholesky(kernel.T, lower=True, overwrite_a=True, check_finite=False)
    centred = values - values.mean()
    alpha = cho_solve((factor, True), centred, check_finite=False)
    half_log_determinant = np.log(np.diag(factor)).sum()
    inverse = inverse_lower(factor)
    # d(-log likelihood) = -1/2 trace((alpha alpha' - inverse) dK), and dK has each pair twice
    pull = squareform(np.outer(alpha, alpha) - inverse.T, checks=False)
    trace = alpha @ alpha - np.trace(inverse)
    gradient = np.empty_like(theta)
    steep = slopes.steep_trend + slopes.steep_rest
    gradient[:-3] = -slopes.weights * (squares @ (pull * steep))
    gradient[-3] = -pull @ slopes.trend - 0.5 * slopes.signal * trace
    gradient[-2] = -pull @ slopes.rest - 0.5 * slopes.rough * trace
    gradient[-1] = -0.5 * slopes.noise * trace
    away = (theta - centre) / spread
    loss = 0.5 * centred @ alpha + half_log_determinant + 0.5 * away @ away
    return float(loss), gradient + away / spread
