"""The posterior of a process at a pool of points, updated as points are chosen."""

import math
from collections.abc import Sequence

import numpy as np

from caviar.sampler.surrogate.gaussian_process import GaussianProcess
from caviar.sampler.values import Floats, Rows

JITTER = 1e-6  # added to the variance of a point, so that equal points stay distinguishable


class Posterior:
    """Mean and variance (m,) of the values at `points` (m, columns), without noise.

    Up to `capacity` rows can be conditioned on. Covariances are computed only for requested rows:
    the whole matrix of a large pool would take a quarter of the time of a small round.
    """

    def __init__(self, process: GaussianProcess, points: Floats, *, capacity: int = 0) -> None:
        from scipy.linalg import solve_triangular

        across = process.kernel(process.points, points)
        self._process = process
        self._scaled = process.metric.scaled(points, process.lengthscales)
        # The rows of the Cholesky factor of all conditions, extended to the pool: first those of
        # the values, then those of the rows that were conditioned on.
        self._values = self._conditions = len(process.points)
        self._factor = np.empty((self._values + capacity, len(points)))
        self._factor[: self._values] = solve_triangular(
            process.factor, across, lower=True, check_finite=False
        )
        factor = self._factor[: self._values]
        self.mean: Floats = process.mean + across.T @ process.alpha
        explained = np.einsum("ij,ij->j", factor, factor)
        self.variance = np.maximum(process.variance - explained + JITTER, JITTER * JITTER)

    def covariance(self, rows: Rows, *, conditioned: bool = False) -> Floats:
        """The covariance of rows, (rows, rows), given the values.

        If `conditioned`, it is also given the rows that were conditioned on.
        """
        from scipy.spatial.distance import cdist

        scaled = self._scaled[rows]
        factor = self._factor[: self._conditions if conditioned else self._values, rows]
        covariance: Floats = self._process.covariance(cdist(scaled, scaled)) - factor.T @ factor
        covariance[np.diag_indices_from(covariance)] += JITTER
        return covariance

    def condition_on_mean(self, rows: Sequence[int]) -> None:
        """Condition on the value of each row being its mean: variances shrink, means stay."""
        from scipy.spatial.distance import cdist

        rows = list(rows)
        factor = self._factor[: self._conditions]
        block = self._process.covariance(cdist(self._scaled[rows], self._scaled))
        block -= factor[:, rows].T @ factor
        for place, row in enumerate(rows):
            block[place, row] += JITTER
            block[place] = factor_row(block[place], block[:place], row, self.variance)
            self.variance = remaining_variance(self.variance, block[place])
        self._factor[self._conditions : self._conditions + len(rows)] = block
        self._conditions += len(rows)


def factor_row(covariances: Floats, before: Floats, row: int, variance: Floats) -> Floats:
    """The row (m,) that a condition on `row` adds to the Cholesky factor.

    `covariances` of the row are given all conditions except those that added the rows `before`
    (k, m) to the factor.
    """
    added: Floats = (covariances - before[:, row] @ before) / math.sqrt(variance[row])
    return added


def remaining_variance(variance: Floats, added: Floats) -> Floats:
    """The variance (m,) after a condition that added this row to the Cholesky factor."""
    remaining: Floats = np.maximum(variance - added * added, JITTER * JITTER)
    return remaining
