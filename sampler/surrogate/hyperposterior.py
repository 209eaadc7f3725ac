"""Draws from the posterior of the hyperparameters of a Gaussian process.

A few dozen values do not determine the lengthscales, and a search that takes the fitted ones as
exact explores too little. So each trial of a small round has a process of its own, with
hyperparameters drawn from their posterior.

C. E. Rasmussen and C. K. I. Williams, "Gaussian processes for machine learning", 2006: Laplace's
approximation as in section 5.5.1, the Hessian from the gradient of eq. 5.9. Notation as in
`gaussian_process`: theta are the logs of lengthscales, signal, rough and noise, K is the kernel
matrix with noise, and alpha is K^-1 (values - mean).
"""

import numpy as np

from caviar.sampler.surrogate.gaussian_process import (
    MAX_PRIOR_DEVIATIONS,
    GaussianProcess,
    KernelGradient,
    priors,
    with_hyperparameters,
)
from caviar.sampler.values import Floats


def draw_processes(process: GaussianProcess, draws: Floats) -> list[GaussianProcess]:
    """A process for each row of `draws` (processes, d + 3), standard normal numbers.

    Its theta is normal around the fitted one, by Laplace's approximation: the precision is the
    Hessian of likelihood and prior. In no direction is the precision lower than that of the prior.
    """
    centre, spread = priors(process.metric.count)
    precision = spread[:, None] * log_likelihood_hessian(process) * spread + np.eye(len(spread))
    eigenvalues, directions = np.linalg.eigh(precision)
    # The symmetric root: the sign of an eigenvector may differ between machines.
    root = directions / np.sqrt(np.maximum(eigenvalues, 1.0)) @ directions.T
    reach = MAX_PRIOR_DEVIATIONS * spread
    low, high = centre - reach, centre + reach
    return [
        with_hyperparameters(process.metric, process.points, process.values, theta)
        for theta in np.clip(process.theta + draws @ root * spread, low, high)
    ]


def log_likelihood_hessian(process: GaussianProcess) -> Floats:
    """The Hessian of the negative log likelihood by theta, (d + 3, d + 3)."""
    from scipy.linalg import cho_solve
    from scipy.spatial.distance import squareform

    identity = np.eye(len(process.points))
    squares = np.array([squareform(pairs) for pairs in process.metric.squares(process.points)])
    gradients = KernelGradient(process.theta, squares)
    smooth_slope, rough_slope = gradients.smooth_slope, gradients.rough_slope
    parts = gradients.weights[:, None, None] * squares
    by_lengthscale = parts * (smooth_slope + rough_slope)
    by_variance = [gradients.smooth_part, gradients.rough_part, gradients.noise * identity]
    by_theta = np.concatenate([by_lengthscale, by_variance])
    inverse = cho_solve((process.factor, True), identity, check_finite=False)
    moved = inverse @ by_theta
    fisher = 0.5 * np.tensordot(moved, moved, axes=((1, 2), (2, 1)))
    # Second derivatives of K, each multiplied by alpha alpha' - K^-1 and summed.
    weights = np.outer(process.alpha, process.alpha) - inverse
    second = np.zeros_like(fisher)
    second[:-3, :-3] = np.tensordot(
        parts, parts * (weights * gradients.second_slope()), axes=((1, 2), (1, 2))
    )
    for place, slope in ((-3, smooth_slope), (-2, rough_slope)):
        second[:-3, place] = second[place, :-3] = np.tensordot(parts, weights * slope, axes=2)
    own = np.tensordot(by_theta, weights, axes=2)
    second[np.diag_indices_from(second)] += np.concatenate([-2.0 * own[:-3], own[-3:]])
    projected = by_theta @ process.alpha
    hessian: Floats = projected @ inverse @ projected.T - fisher - 0.5 * second
    return hessian
