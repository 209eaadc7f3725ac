"""Standardization: fitted on the training part, taken off again in predictions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHUNK = 65_536
"""Examples that are read at once."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Scaling:
    """Mean and standard deviation (n,) of each feature, and of the target in regression."""

    mean: Numbers
    deviation: Numbers
    target_mean: float = 0.0
    target_deviation: float = 1.0

    def features(self, features: NDArray[Any]) -> NDArray[np.float32]:
        """Raw features (m, n) in standard units."""
        return np.ascontiguousarray((features - self.mean) / self.deviation, dtype=np.float32)

    def targets(self, targets: NDArray[Any]) -> NDArray[np.float32]:
        """Raw targets (m,) of a regression in standard units."""
        standard = (targets - self.target_mean) / self.target_deviation
        return np.ascontiguousarray(standard, dtype=np.float32)

    def raw_targets(self, targets: NDArray[Any]) -> Numbers:
        """Targets (m,) in their own units again."""
        return targets.astype(np.float64) * self.target_deviation + self.target_mean


def moments(features: NDArray[Any], rows: NDArray[np.int64]) -> tuple[Numbers, Numbers]:
    """Mean and deviation (n,) of some rows; a constant column becomes 0 by (its value, 1)."""
    first = np.asarray(features[rows[0]], dtype=np.float64)
    total, constant = np.zeros_like(first), np.ones(first.shape, bool)
    for values in _chunks(features, rows):
        total += np.add.reduce(values, axis=0)
        # The moments of a constant column are off by rounding noise, which would be blown up.
        constant &= (values == first).all(axis=0)
    mean = np.where(constant, first, total / len(rows))
    squares = np.zeros_like(first)
    for values in _chunks(features, rows):
        squares += np.add.reduce(np.square(values - mean), axis=0)
    deviation = np.sqrt(squares / len(rows))
    return mean, np.where(constant | (deviation == 0), 1.0, deviation)


def _chunks(features: NDArray[Any], rows: NDArray[np.int64]) -> Iterator[Numbers]:
    for start in range(0, len(rows), CHUNK):
        yield np.asarray(features[rows[start : start + CHUNK]], dtype=np.float64)
