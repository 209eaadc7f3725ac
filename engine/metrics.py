"""Metrics, by task, counted for all lanes at once.

Of classification: loss, error and accuracy. Of regression: loss (in standardized units), rmse (in
the units of the target) and r2, which is 1 - mse / variance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caviar.engine.arrays import Array
from caviar.engine.layers.losses import LOSSES

PARTS = ("training", "validation")

_CLASSIFICATION = ("loss", "error", "accuracy")
_REGRESSION = ("loss", "rmse", "r2")
_NAMES: Mapping[str, Sequence[str]] = {
    "binary": _CLASSIFICATION,
    "multiclass": _CLASSIFICATION,
    "regression": _REGRESSION,
}


def metrics_of(task: str) -> tuple[str, ...]:
    """What every epoch's record holds for every trial of that task."""
    return tuple(f"{part}_{name}" for part in PARTS for name in _NAMES[task])


METRICS = tuple(dict.fromkeys(name for task in _NAMES for name in metrics_of(task)))
"""The metrics of all tasks; those of one are `metrics_of(task)`."""


@dataclass(frozen=True, kw_only=True)
class Spread:
    """How far the targets of a part of a regression set lie apart."""

    deviation: float
    """Of the training part, in the targets' own units: one standardized unit."""
    variance: float
    """Of this part, in standardized units."""


class Tally:
    """Sums over mini-batches for K lanes, in float64 and in the order of each lane's batches."""

    def __init__(self, lanes: int, loss: str, spread: Spread) -> None:
        self._losses = np.zeros(lanes)
        self._wrong = np.zeros(lanes, np.int64)
        self._examples = np.zeros(lanes, np.int64)
        self._find_wrong = LOSSES[loss].wrong
        self._spread = spread

    def add(
        self,
        logits: Array,
        targets: Array,
        losses: Array,
        *,
        starts: NDArray[np.int64],
        stops: NDArray[np.int64],
    ) -> None:
        """Count mini-batches of the first lanes: the columns starts[k] to stops[k] are lane k's.

        logits and targets (C, M), losses (M,).
        """
        lanes = len(starts)
        bounds = np.stack([starts, stops], axis=1).ravel()
        if bounds[-1] == len(losses):
            bounds = bounds[:-1]
        self._losses[:lanes] += np.add.reduceat(losses, bounds)[::2]
        if self._find_wrong is not None:
            wrong = self._find_wrong(logits, targets)
            self._wrong[:lanes] += np.add.reduceat(wrong, bounds, dtype=np.int64)[::2]
        self._examples[:lanes] += stops - starts

    def metrics(self, part: str) -> dict[str, list[float]]:
        """Each lane's metrics, named for the part: `validation_loss` …"""
        loss = self._losses / self._examples
        if self._find_wrong is None:
            columns = self._regression(loss)
        else:
            error = self._wrong / self._examples
            columns = {"loss": loss, "error": error, "accuracy": 1.0 - error}
        return {f"{part}_{name}": values.tolist() for name, values in columns.items()}

    def _regression(self, loss: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        squares = 2.0 * loss
        if self._spread.variance > 0:
            r2 = 1.0 - squares / self._spread.variance
        else:
            r2 = np.where(squares == 0, 1.0, np.where(np.isnan(squares), np.nan, 0.0))
        return {"loss": loss, "rmse": self._spread.deviation * np.sqrt(squares), "r2": r2}
