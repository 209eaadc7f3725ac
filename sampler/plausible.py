"""Plausible processes: what else the values would allow than the most likely lengths.

A few dozen values do not say how far each parameter reaches, and who takes the most likely lengths
for sure looks too seldom where others would expect more. So each trial may have a process of its
own, its lengths, signal, rough and noise drawn by how likely they are.
"""

import numpy as np

from sampler.gaussian_process import (
    BOUND,
    Floats,
    GaussianProcess,
    Slopes,
    condition,
    priors,
)


def plausible(process: GaussianProcess, draws: Floats) -> list[GaussianProcess]:
    """A process for each row of `draws` (processes, parameters + 3), standard normal numbers.

    Its logs of lengths, signal, rough and noise are normal around the fitted ones, as surely as the
    likelihood and the priors bend there: Laplace's approximation, as in C. E. Rasmussen and
    C. K. I. Williams, "Gaussian processes for machine learning", 2006, section 5.5.1. In no
    direction are they less sure than by the priors alone.
    """
    centre, spread = priors(process.metric.count)
    scaled = spread[:, None] * curvature(process) * spread + np.eye(len(spread))
    bends, directions = np.linalg.eigh(scaled)
    deviations = spread[:, None] * directions / np.sqrt(np.maximum(bends, 1.0))
    low, high = centre - BOUND * spread, centre + BOUND * spread
    return [
        condition(
            process.metric,
            process.points,
            process.values,
            lengths=np.exp(logs[:-3]),
            signal=float(np.exp(logs[-3])),
            rough=float(np.exp(logs[-2])),
            noise=float(np.exp(logs[-1])),
        )
        for logs in np.clip(process.logs + draws @ deviations.T, low, high)
    ]


def curvature(process: GaussianProcess) -> Floats:
    """Second slopes of the negative log likelihood by the logs of lengths, signal, rough and noise.

    A square of all logs. From the gradient, eq. 5.9 of the same book, by the slope of an inverse.
    """
    from scipy.linalg import cho_solve

    count = len(process.points)
    squares = process.metric.squares(process.points, process.points)
    slopes = Slopes(process.logs, squares)
    parts = slopes.weights[:, None, None] * squares
    by_length = parts * (slopes.steep_trend + slopes.steep_rest)
    noise = process.noise * np.eye(count)
    by_log = np.concatenate([by_length, [slopes.trend, slopes.rest, noise]])
    wide = np.concatenate([by_log.transpose(1, 0, 2).reshape(count, -1), np.eye(count)], axis=1)
    solved = cho_solve((process.factor, True), wide, check_finite=False)
    inverse = solved[:, -count:]
    moved = solved[:, :-count].reshape(count, -1, count).transpose(1, 0, 2)
    pulled = by_log @ process.alpha
    fisher = (
        0.5 * moved.reshape(len(moved), -1) @ moved.transpose(0, 2, 1).reshape(len(moved), -1).T
    )
    # Second slopes of the covariance, each multiplied by what pulls at it, and summed.
    pull = np.outer(process.alpha, process.alpha) - inverse
    flat = parts.reshape(len(parts), -1)
    second = np.zeros_like(fisher)
    second[:-3, :-3] = flat @ (flat * (pull * slopes.bend()).ravel()).T
    second[:-3, -3] = second[-3, :-3] = flat @ (pull * slopes.steep_trend).ravel()
    second[:-3, -2] = second[-2, :-3] = flat @ (pull * slopes.steep_rest).ravel()
    own = by_log.reshape(len(by_log), -1) @ pull.ravel()
    second[np.diag_indices_from(second)] += np.concatenate([-2.0 * own[:-3], own[-3:]])
    bent: Floats = pulled @ inverse @ pulled.T - fisher - 0.5 * second
    return bent
