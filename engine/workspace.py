"""The buffers of a population for mini-batches of one size, allocated once."""

import numpy as np
from numpy.typing import DTypeLike

from engine.arrays import Array, Labels
from engine.datasets import Features
from engine.shapes import Shape


class Workspace:
    """Buffers of K lanes for m examples.

    batch (m, n + 1)            the mini-batch that all lanes share, and a column of ones
    inputs[l] (K, n_l + 1, m)   what layer l reads, and a row of ones; inputs[0] is the batch's
                                transpose, without K
    outputs[l] (K, n_l+1, m)    what hidden layer l writes: the next layer's inputs but the ones
    gradients[l]                the loss by outputs[l]; only where `backward` is asked for
    logits, predictions (K, C, m); losses (K, m); labels (m,)
    """

    def __init__(
        self, shape: Shape, *, lanes: int, examples: int, dtype: DTypeLike, backward: bool
    ) -> None:
        features, *hidden, outputs = shape.widths
        self.examples = examples
        self.batch: Array = np.ones((examples, features + 1), dtype)
        self.labels: Labels = np.zeros(examples, np.int64)
        self.inputs: list[Array] = [self.batch.T]
        self.outputs: list[Array] = []
        self.gradients: list[Array] = []
        for units in hidden:
            buffer = np.ones((lanes, units + 1, examples), dtype)
            self.inputs.append(buffer)
            self.outputs.append(buffer[:, :-1])
            if backward:
                self.gradients.append(np.empty((lanes, units, examples), dtype))
        self.logits: Array = np.empty((lanes, outputs, examples), dtype)
        self.predictions: Array = np.empty_like(self.logits)
        self.losses: Array = np.empty((lanes, examples), dtype)

    def load(self, features: Features, labels: Labels) -> None:
        """Take a mini-batch: features (m, n), labels (m,)."""
        self.batch[:, :-1] = features
        self.labels[:] = labels
