"""Metrics by task, accumulated for all lanes at once.

loss    mean over the examples, without the L2 term; in regression in standardized units
error   share of the examples that are misclassified; accuracy is 1 - error
rmse    root of the mean squared error, in the units of the target
r2      coefficient of determination, 1 - mse / variance of the targets
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from caviar.engine.arrays import Array, Float64Array, Indices
from caviar.engine.layers.losses import LOSSES

PARTS = ("training", "validation")
"""The parts of a data set that have metrics in every epoch."""

_CLASSIFICATION = ("loss", "error", "accuracy")
_REGRESSION = ("loss", "rmse", "r2")
_NAMES: Mapping[str, Sequence[str]] = {
    "binary": _CLASSIFICATION,
    "multiclass": _CLASSIFICATION,
    "regression": _REGRESSION,
}


def metrics_of(task: str) -> tuple[str, ...]:
    """The metrics in every epoch's record of a trial of that task: `training_loss` …"""
    return tuple(f"{part}_{name}" for part in PARTS for name in _NAMES[task])


METRICS = tuple(dict.fromkeys(name for task in _NAMES for name in metrics_of(task)))
"""The metrics of all tasks; those of one task are `metrics_of(task)`."""


@dataclass(frozen=True, kw_only=True)
class TargetStatistics:
    """The spread of the targets of one part of a regression set."""

    deviation: float
    """Of the training part, in the units of the target: one standardized unit."""
    variance: float
    """Of this part, in standardized units."""


class MetricAccumulator:
    """Sums over mini-batches for K lanes, in float64 and in the order of each lane's batches."""

    def __init__(self, lanes: int, loss: str, target_statistics: TargetStatistics) -> None:
        self._losses = np.zeros(lanes)
        self._errors = np.zeros(lanes, np.int64)
        self._examples = np.zeros(lanes, np.int64)
        self._misclassified = LOSSES[loss].misclassified
        self._target_statistics = target_statistics

    def add(
        self,
        logits: Array,
        targets: Array,
        losses: Array,
        *,
        starts: Indices,
        stops: Indices,
    ) -> None:
        """Add mini-batches of the first lanes: columns starts[k] to stops[k] are those of lane k.

        logits and targets (C, M), losses (M,).
        """
        lanes = len(starts)
        bounds = np.stack([starts, stops], axis=1).ravel()
        if bounds[-1] == len(losses):
            bounds = bounds[:-1]
        self._losses[:lanes] += np.add.reduceat(losses, bounds)[::2]
        if self._misclassified is not None:
            errors = self._misclassified(logits, targets)
            self._errors[:lanes] += np.add.reduceat(errors, bounds, dtype=np.int64)[::2]
        self._examples[:lanes] += stops - starts

    def metrics(self, part: str) -> dict[str, list[float]]:
        """The metrics by name, prefixed with the part (`validation_loss` …), a value per lane."""
        loss = self._losses / self._examples
        if self._misclassified is None:
            columns = self._regression(loss)
        else:
            error = self._errors / self._examples
            columns = {"loss": loss, "error": error, "accuracy": 1.0 - error}
        return {f"{part}_{name}": values.tolist() for name, values in columns.items()}

    def _regression(self, loss: Float64Array) -> dict[str, Float64Array]:
        """The loss is half the mean squared error. Without variance r2 is 1 if exact, else 0."""
        mse = 2.0 * loss
        if self._target_statistics.variance > 0:
            r2 = 1.0 - mse / self._target_statistics.variance
        else:
            r2 = np.where(mse == 0, 1.0, np.where(np.isnan(mse), np.nan, 0.0))
        return {"loss": loss, "rmse": self._target_statistics.deviation * np.sqrt(mse), "r2": r2}
