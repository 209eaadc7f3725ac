"""Standardization: fitted on the training part, inverted in predictions."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from caviar.engine.arrays import AnyArray, Float32Array, Float64Array, Indices

CHUNK_EXAMPLES = 65_536
"""The number of examples that are read at once."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Scaling:
    """Mean and standard deviation (n,) of each feature, and of the target in regression."""

    mean: Float64Array
    deviation: Float64Array
    target_mean: float = 0.0
    target_deviation: float = 1.0

    def features(self, features: AnyArray) -> Float32Array:
        """Standardize raw features (m, n)."""
        return np.ascontiguousarray((features - self.mean) / self.deviation, dtype=np.float32)

    def targets(self, targets: AnyArray) -> Float32Array:
        """Standardize raw targets (m,) of a regression."""
        standardized = (targets - self.target_mean) / self.target_deviation
        return np.ascontiguousarray(standardized, dtype=np.float32)

    def raw_targets(self, targets: AnyArray) -> Float64Array:
        """Convert standardized targets (m,) back to their own units."""
        return targets.astype(np.float64) * self.target_deviation + self.target_mean


def moments(features: AnyArray, rows: Indices) -> tuple[Float64Array, Float64Array]:
    """Mean and standard deviation (n,) of features (m, n) over some rows.

    A constant column has its exact value as mean and 1 as deviation, so that it becomes 0.
    """
    first = np.asarray(features[rows[0]], dtype=np.float64)
    total, constant = np.zeros_like(first), np.ones(first.shape, bool)
    for values in _chunks(features, rows):
        total += np.add.reduce(values, axis=0)
        # The computed moments of a constant column are rounding noise, which division amplifies.
        constant &= (values == first).all(axis=0)
    mean = np.where(constant, first, total / len(rows))
    squares = np.zeros_like(first)
    for values in _chunks(features, rows):
        squares += np.add.reduce(np.square(values - mean), axis=0)
    deviation = np.sqrt(squares / len(rows))
    return mean, np.where(constant | (deviation == 0), 1.0, deviation)


def _chunks(features: AnyArray, rows: Indices) -> Iterator[Float64Array]:
    for start in range(0, len(rows), CHUNK_EXAMPLES):
        yield np.asarray(features[rows[start : start + CHUNK_EXAMPLES]], dtype=np.float64)
