"""What a process expects at a pool of points, and what of it is left to learn as some are tried."""

import math

import numpy as np

from sampler.gaussian_process import Floats, GaussianProcess, Rows

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
        self._points = points
        self._scaled = process.metric.scaled(points, process.lengths)
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

    def covariance(self, rows: Rows) -> Floats:
        """(rows, rows), by the values that the process was fitted to."""
        points, half = self._points[rows], self._half[: self._values, rows]
        covariance: Floats = self._process.kernel(points, points) - half.T @ half
        covariance[np.diag_indices_from(covariance)] += SPREAD
        return covariance

    def believe(self, row: int) -> None:
        """Take it that a row's value is its mean: no mean changes, and what is near it is surer."""
        from scipy.spatial.distance import cdist

        half = self._half[: self._known]
        column = self._process.covariance(cdist(self._scaled[row : row + 1], self._scaled)[0])
        column -= half[:, row] @ half
        column[row] += SPREAD
        column /= math.sqrt(self.variance[row])
        self._half[self._known] = column
        self._known += 1
        self.variance = np.maximum(self.variance - column * column, SPREAD * SPREAD)
