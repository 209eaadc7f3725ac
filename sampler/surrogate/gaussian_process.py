"""Gaussian process regression with a smooth and a rough component.

C. E. Rasmussen and C. K. I. Williams, "Gaussian processes for machine learning", 2006: the
posterior is eq. 2.23 to 2.24, the marginal likelihood 5.8, its gradient 5.9, the Matern 5/2 kernel
4.17 and the exponential kernel 4.18. Each parameter has a lengthscale; with a long one the
parameter does not matter. The rough component models what nearby settings have in common beyond
the smooth trend, such as the steps and ridges of network training.

Notation:

    n       number of observations, d parameters
    r       distance of two points, each parameter in units of its lengthscale
    k(r)    signal * matern(r) + rough * exp(-r), the covariance of two values
    K       kernel matrix (n, n) of k, plus noise on the diagonal
    alpha   K^-1 (values - mean), (n,)
    theta   logs of d lengthscales, signal, rough and noise, (d + 3,)

`signal`, `rough` and `noise` are variances.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from caviar.sampler.values import Floats

JITTER = 1e-8  # added to the diagonal, so that equal settings keep K positive definite
MAX_ITERATIONS = 40
TOLERANCE = 3e-6  # relative gain of the log posterior below which a fit stops
MAX_PRIOR_DEVIATIONS = 4.0  # of theta from the mode of its prior
MAX_BLOCK_ROWS = 50  # of a triangle that LAPACK inverts at once
MIN_DISTANCE = 1e-6  # in lengthscales; smaller distances are taken as this in gradients

# Log-normal priors: the mode, and the standard deviation of the logarithm.
LENGTHSCALE, LENGTHSCALE_SPREAD = 0.3, 1.0  # for one parameter; it grows with the square root of d
SIGNAL, SIGNAL_SPREAD = 1.0, 0.7
ROUGH, ROUGH_SPREAD = 0.05, 1.5
NOISE, NOISE_SPREAD = 0.01, 2.0

_ROOT5 = math.sqrt(5.0)


@dataclass(frozen=True, kw_only=True)
class Metric:
    """The columns of each parameter: column c belongs to parameter `owner[c]` of `count`."""

    owner: tuple[int, ...]
    count: int

    def squares(self, points: Floats) -> Floats:
        """Squared distances by parameter, (d, pairs), with each pair once as in `squareform`."""
        from scipy.spatial.distance import pdist

        squares = np.empty((self.count, len(points) * (len(points) - 1) // 2))
        for place in range(self.count):
            columns = [column for column, owner in enumerate(self.owner) if owner == place]
            pdist(points[:, columns], "sqeuclidean", out=squares[place])
        return squares

    def scaled(self, points: Floats, lengthscales: Floats) -> Floats:
        """The points in units of the lengthscales."""
        scaled: Floats = points / lengthscales[list(self.owner)]
        return scaled

    def distances(self, first: Floats, second: Floats, lengthscales: Floats) -> Floats:
        """Distances in lengthscales, (rows of first, rows of second)."""
        a, b = self.scaled(first, lengthscales), self.scaled(second, lengthscales)
        squares = (a * a).sum(1)[:, None] + (b * b).sum(1)[None, :] - 2 * a @ b.T
        distances: Floats = np.sqrt(np.maximum(squares, 0.0))
        return distances


@dataclass(frozen=True, kw_only=True)
class GaussianProcess:
    """A process conditioned on `values` (n,), about standardized, at `points` (n, columns).

    `factor` is the lower Cholesky factor of K.
    """

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
        """The prior variance of a value without noise."""
        return self.signal + self.rough

    @property
    def theta(self) -> Floats:
        """The logs of lengthscales, signal, rough and noise, (d + 3,)."""
        theta: Floats = np.log([*self.lengthscales, self.signal, self.rough, self.noise])
        return theta

    @property
    def best(self) -> float:
        """The lowest posterior mean at the points."""
        return float(self.mean_at(self.points).min())

    def kernel(self, first: Floats, second: Floats) -> Floats:
        """Prior covariances, (rows of first, rows of second)."""
        return self.covariance(self.metric.distances(first, second, self.lengthscales))

    def covariance(self, distances: Floats) -> Floats:
        """Prior covariances at distances in lengthscales."""
        return covariance(distances, signal=self.signal, rough=self.rough)

    def mean_at(self, points: Floats) -> Floats:
        """The posterior mean at other points, (m,)."""
        across = self.kernel(points, self.points)
        expected: Floats = self.mean + across @ self.alpha
        return expected


def matern(distances: Floats) -> Floats:
    """The Matern 5/2 correlation at distances in lengthscales."""
    r = _ROOT5 * distances
    correlation: Floats = (1.0 + r + r * r / 3.0) * np.exp(-r)
    return correlation


def covariance(distances: Floats, *, signal: float, rough: float) -> Floats:
    """The covariance k of the smooth and the rough component at distances in lengthscales."""
    total: Floats = signal * matern(distances) + rough * np.exp(-distances)
    return total


def fit_process(metric: Metric, points: Floats, values: Floats) -> GaussianProcess:
    """The process at the maximum a posteriori theta.

    L-BFGS with the exact gradient starts from the mode of the prior, so that the same data give the
    same fit.
    """
    from scipy.optimize import minimize

    squares = metric.squares(points)
    centre, spread = priors(metric.count)

    def loss(scaled: Floats) -> tuple[float, Floats]:
        value, gradient = log_posterior(centre + scaled * spread, squares, values, centre, spread)
        return value, gradient * spread

    # In standard deviations of the prior all directions have a similar scale.
    optimum: Any = minimize(
        loss,
        np.zeros(len(centre)),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-MAX_PRIOR_DEVIATIONS, MAX_PRIOR_DEVIATIONS)] * len(centre),
        options={"maxiter": MAX_ITERATIONS, "maxfun": 2 * MAX_ITERATIONS, "ftol": TOLERANCE},
    )
    return with_hyperparameters(metric, points, values, centre + optimum.x * spread)


def priors(count: int) -> tuple[Floats, Floats]:
    """Mode and standard deviation of the prior of theta, for `count` parameters."""
    usual = math.log(LENGTHSCALE) + 0.5 * math.log(count)
    centre = np.array([usual] * count + [math.log(mode) for mode in (SIGNAL, ROUGH, NOISE)])
    spread = np.array([LENGTHSCALE_SPREAD] * count + [SIGNAL_SPREAD, ROUGH_SPREAD, NOISE_SPREAD])
    return centre, spread


def with_hyperparameters(
    metric: Metric, points: Floats, values: Floats, theta: Floats
) -> GaussianProcess:
    """The process with these hyperparameters, conditioned on the values."""
    lengthscales, (signal, rough, noise) = np.exp(theta[:-3]), np.exp(theta[-3:]).tolist()
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
    """The process conditioned on the values; its mean is the generalized least-squares estimate."""
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
    """The components of k at some distances, and their derivatives by theta.

    `squares` has the squared distances by parameter, (d, …); each component has the shape of one of
    these. The derivative of a component by the log of a lengthscale is `weights` of the parameter
    times its squared distances times the slope of the component. The derivative by the log of
    signal or rough is the component itself.
    """

    def __init__(self, theta: Floats, squares: Floats) -> None:
        self.signal, self.rough, self.noise = np.exp(theta[-3:]).tolist()
        self.weights = np.exp(-2.0 * theta[:-3])
        distances = np.sqrt(np.tensordot(self.weights, squares, axes=1))
        r = _ROOT5 * distances
        self._decay = self.signal * np.exp(-r)
        near = self._decay * (1.0 + r)
        self.smooth_part = near + self._decay * (r * r / 3.0)
        self.rough_part = self.rough * np.exp(-distances)
        self._distances = np.maximum(distances, MIN_DISTANCE)
        self.smooth_slope = (5.0 / 3.0) * near
        self.rough_slope = self.rough_part / self._distances

    def second_slope(self) -> Floats:
        """The factor of the second derivative of k by the logs of two lengthscales.

        The second derivative is this factor times the weights and squared distances of both
        parameters. For the same lengthscale twice, two first derivatives are subtracted.
        """
        rough = self.rough_part * (1.0 + 1.0 / self._distances) / self._distances**2
        slope: Floats = (25.0 / 3.0) * self._decay + rough
        return slope


def inverse_lower(factor: Floats) -> Floats:
    """The lower half of the inverse of the matrix with this lower Cholesky factor."""
    from scipy.linalg.lapack import dlauum

    inverse = np.zeros_like(factor, order="F")
    _invert(factor, inverse)
    product: Floats = dlauum(inverse, lower=1, overwrite_c=1)[0]
    return product


def _invert(lower: Floats, inverse: Floats) -> None:
    """Write the inverse of a lower triangle into a matrix of zeros, recursively by halves.

    LAPACK's dtrtri, which proceeds by columns, takes twice as long for large triangles.
    """
    from scipy.linalg.lapack import dtrtri

    if len(lower) <= MAX_BLOCK_ROWS:
        inverse[:] = dtrtri(lower, lower=1)[0]
        return
    half = len(lower) // 2
    _invert(lower[:half, :half], inverse[:half, :half])
    _invert(lower[half:, half:], inverse[half:, half:])
    inverse[half:, :half] = -inverse[half:, half:] @ (lower[half:, :half] @ inverse[:half, :half])


def log_posterior(
    theta: Floats, squares: Floats, values: Floats, centre: Floats, spread: Floats
) -> tuple[float, Floats]:
    """The negative log of likelihood times prior, and its gradient by theta, (d + 3,).

    `squares` are the squared distances of pairs, as `Metric.squares` gives them; `centre` and
    `spread` are mode and standard deviation of the prior.
    """
    from scipy.linalg import cho_solve, cholesky
    from scipy.spatial.distance import squareform

    gradients = KernelGradient(theta, squares)
    kernel = squareform(gradients.smooth_part + gradients.rough_part, checks=False)
    np.fill_diagonal(kernel, gradients.signal + gradients.rough + gradients.noise + JITTER)
    # In place, and lower halves in Fortran order: a copy would take as long as the factorization.
    factor = cholesky(kernel.T, lower=True, overwrite_a=True, check_finite=False)
    centred = values - values.mean()
    alpha = cho_solve((factor, True), centred, check_finite=False)
    half_log_determinant = np.log(np.diag(factor)).sum()
    inverse = inverse_lower(factor)
    # d(-log likelihood) = -1/2 trace((alpha alpha' - K^-1) dK), and dK has each pair twice.
    pair_weights = squareform(np.outer(alpha, alpha) - inverse.T, checks=False)
    trace = alpha @ alpha - np.trace(inverse)
    gradient = np.empty_like(theta)
    slope = gradients.smooth_slope + gradients.rough_slope
    gradient[:-3] = -gradients.weights * (squares @ (pair_weights * slope))
    gradient[-3] = -pair_weights @ gradients.smooth_part - 0.5 * gradients.signal * trace
    gradient[-2] = -pair_weights @ gradients.rough_part - 0.5 * gradients.rough * trace
    gradient[-1] = -0.5 * gradients.noise * trace
    deviations = (theta - centre) / spread
    loss = 0.5 * centred @ alpha + half_log_determinant + 0.5 * deviations @ deviations
    return float(loss), gradient + deviations / spread
