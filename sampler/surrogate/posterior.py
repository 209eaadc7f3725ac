"""What a process expects at a pool of points, and what of it is left to learn as some are tried."""

import math
from collections.abc import Sequence

import numpy as np

from caviar.sampler.surrogate.gaussian_process import Floats, GaussianProcess, Rows

SPREAD = 1e-6  # added to the variance of a point, so that equal points do no harm


class Posterior:
    """Mean and variance (m,) of the values at `points` (m, columns), free of noise.

    At most `room` rows can be believed. Covariances are worked out for the rows that are asked for:
    the whole matrix of a large pool would cost a small round a quarter of its plan.
    """

    def __init__(self, process: GaussianProcess, points: Floats, *, room: int = 0) -> None:
        from scipy.linalg import solve_triangular

        across = process.kernel(process.points, points)
        self._process = process
        self._scaled = process.metric.scaled(points, process.lengthscales)
        # What the Cholesky factor of all that is known has at the pool, a row each: first the rows
        # of the values, then those of what is believed.
        self._values = self._known = len(process.points)
        self._half = np.empty((self._values + room, len(points)))
        self._half[: self._values] = solve_triangular(
            process.factor, across, lower=True, check_finite=False
        )
        half = self._half[: self._values]
        self.mean: Floats = process.mean + across.T @ process.alpha
        known = np.einsum("ij,ij->j", half, half)
        self.variance = np.maximum(process.variance - known + SPREAD, SPREAD * SPREAD)

    def covariance(self, rows: Rows, *, conditioned: bool = False) -> Floats:
        """(rows, rows), given the values; if `believed`, given what is believed of others, too."""
        from scipy.spatial.distance import cdist

        scaled = self._scaled[rows]
        half = self._half[: self._known if conditioned else self._values, rows]
        covariance: Floats = self._process.covariance(cdist(scaled, scaled)) - half.T @ half
        covariance[np.diag_indices_from(covariance)] += SPREAD
        return covariance

    def condition_on_mean(self, rows: Sequence[int]) -> None:
        """Take it that each row's value is its mean: no mean changes, and what is near is surer."""
        from scipy.spatial.distance import cdist

        rows = list(rows)
        half = self._half[: self._known]
        block = self._process.covariance(cdist(self._scaled[rows], self._scaled))
        block -= half[:, rows].T @ half
        for place, row in enumerate(rows):
            block[place, row] += SPREAD
            block[place] = factor_row(block[place], block[:place], row, self.variance)
            self.variance = remaining_variance(self.variance, block[place])
        self._half[self._known : self._known + len(rows)] = block
        self._known += len(rows)


def factor_row(covariances: Floats, before: Floats, row: int, variance: Floats) -> Floats:
    """What a row adds to the Cholesky factor, (m,).

    By its covariances given all but the rows `before` (k, m) that others added to the factor.
    """
    added: Floats = (covariances - before[:, row] @ before) / math.sqrt(variance[row])
    return added


def remaining_variance(variance: Floats, added: Floats) -> Floats:
    """What of the variance (m,) is left when the row is believed that added this to the factor."""
    left: Floats = np.maximum(variance - added * added, SPREAD * SPREAD)
    return left
