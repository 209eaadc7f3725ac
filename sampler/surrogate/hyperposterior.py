"""Plausible processes: what else the values would allow than the most likely lengths.

A few dozen values do not say how far each parameter reaches, and who takes the most likely lengths
for sure looks too seldom where others would expect more. So each trial may have a process of its
own, its lengths, signal, rough and noise drawn by how likely they are.
"""

import numpy as np

from caviar.sampler.surrogate.gaussian_process import (
    BOUND,
    Floats,
    GaussianProcess,
    KernelGradient,
    priors,
    with_hyperparameters,
)


def draw_processes(process: GaussianProcess, draws: Floats) -> list[GaussianProcess]:
    """A process for each row of `draws` (processes, parameters + 3), standard normal numbers.

    Its logs of lengths, signal, rough and noise are normal around the fitted ones, as surely as the
    likelihood and the priors bend there: Laplace's approximation, as in C. E. Rasmussen and
    C. K. I. Williams, "Gaussian processes for machine learning", 2006, section 5.5.1. In no
    direction are they less sure than by the priors alone.
    """
    centre, spread = priors(process.metric.count)
    scaled = spread[:, None] * log_posterior_hessian(process) * spread + np.eye(len(spread))
    bends, directions = np.linalg.eigh(scaled)
    # The symmetric root: directions alone have no sign, and one machine's may be another's turned.
    root = directions / np.sqrt(np.maximum(bends, 1.0)) @ directions.T
    low, high = centre - BOUND * spread, centre + BOUND * spread
    return [
        with_hyperparameters(process.metric, process.points, process.values, theta)
        for theta in np.clip(process.theta + draws @ root * spread, low, high)
    ]


def log_posterior_hessian(process: GaussianProcess) -> Floats:
    """Second slopes of the negative log likelihood by the logs of lengths, signal, rough and noise.

    A square of all logs. From the gradient, eq. 5.9 of the same book, by the slope of an inverse.
    """
    from scipy.linalg import cho_solve
    from scipy.spatial.distance import squareform

    one = np.eye(len(process.points))
    squares = np.array([squareform(its) for its in process.metric.squares(process.points)])
    slopes = KernelGradient(process.theta, squares)
    parts = slopes.weights[:, None, None] * squares
    by_length = parts * (slopes.steep_trend + slopes.steep_rest)
    by_log = np.concatenate([by_length, [slopes.trend, slopes.rest, slopes.noise * one]])
    inverse = cho_solve((process.factor, True), one, check_finite=False)
    moved = inverse @ by_log
    fisher = 0.5 * np.tensordot(moved, moved, axes=((1, 2), (2, 1)))
    # Second slopes of the covariance, each multiplied by what pulls at it, and summed.
    pull = np.outer(process.alpha, process.alpha) - inverse
    second = np.zeros_like(fisher)
    second[:-3, :-3] = np.tensordot(parts, parts * (pull * slopes.bend()), axes=((1, 2), (1, 2)))
    for place, steep in ((-3, slopes.steep_trend), (-2, slopes.steep_rest)):
        second[:-3, place] = second[place, :-3] = np.tensordot(parts, pull * steep, axes=2)
    own = np.tensordot(by_log, pull, axes=2)
    second[np.diag_indices_from(second)] += np.concatenate([-2.0 * own[:-3], own[-3:]])
    pulled = by_log @ process.alpha
    bent: Floats = pulled @ inverse @ pulled.T - fisher - 0.5 * second
    return bent
