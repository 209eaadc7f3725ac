"""Metrics, counted for all lanes at once."""

import numpy as np
from numpy.typing import NDArray

from engine.arrays import Array, Labels

METRICS = tuple(
    f"{part}_{name}"
    for part in ("training", "validation")
    for name in ("loss", "error", "accuracy")
)
"""What every epoch's record holds for every trial."""


def count_wrong(logits: Array, labels: Labels) -> NDArray[np.int64]:
    """How many of the m examples each lane gets wrong, (K,), from logits (K, C, m).

    Of many classes the largest logit wins, the first of equals; of two classes (C = 1), class 1
    wins where its logit is above 0.
    """
    guesses = logits[:, 0] > 0 if logits.shape[1] == 1 else np.argmax(logits, axis=1)
    wrong: NDArray[np.int64] = np.count_nonzero(guesses != labels, axis=1)
    return wrong


class Tally:
    """Sums over mini-batches for K lanes, in float64 and in the order of the batches."""

    def __init__(self, lanes: int) -> None:
        self._loss = np.zeros(lanes)
        self._wrong = np.zeros(lanes, np.int64)
        self._examples = 0

    def add(self, logits: Array, labels: Labels, losses: Array) -> None:
        """Count one mini-batch: logits (K, C, m), labels (m,), losses (K, m)."""
        self._loss += np.add.reduce(losses, axis=1)
        self._wrong += count_wrong(logits, labels)
        self._examples += len(labels)

    def metrics(self, part: str) -> dict[str, list[float]]:
        """Mean loss, error and accuracy of each lane, named for the part: `validation_loss` …"""
        error = self._wrong / self._examples
        return {
            f"{part}_loss": (self._loss / self._examples).tolist(),
            f"{part}_error": error.tolist(),
            f"{part}_accuracy": (1.0 - error).tolist(),
        }
