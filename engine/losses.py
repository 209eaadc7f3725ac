"""Losses on logits, each with its prediction.

`forward(logits, targets, predictions, losses)` reads logits (C, m) and targets (m,), and fills
predictions (C, m) and the loss of each example, losses (m,). `backward(predictions, targets)` turns
predictions in place into the gradient of each example's loss by its logits: prediction - target.
`wrong(logits, targets)` says which examples are classified wrongly, (m,).

The m columns may belong to several lanes: nothing here is computed across them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.activations import sigmoid_forward
from engine.arrays import Array, Targets


@dataclass(frozen=True)
class Loss:
    """A loss forward and backward; `wrong` is None where there are no classes."""

    forward: Callable[[Array, Targets, Array, Array], None]
    backward: Callable[[Array, Targets], None]
    wrong: Callable[[Array, Targets], NDArray[np.bool_]] | None
    labels: bool = False
    """Whether targets are labels, int64; of other losses they are floats like the logits."""


def softmax_cross_entropy(
    logits: Array, targets: Targets, predictions: Array, losses: Array
) -> None:
    """logsumexp(z) - z_y, and softmax(z).

    The largest logit is taken off first, so that exp cannot overflow.
    """
    row = np.maximum.reduce(logits, axis=0)
    np.subtract(logits, row, out=predictions)
    losses[...] = predictions[targets, np.arange(len(targets))]
    np.exp(predictions, out=predictions)
    np.add.reduce(predictions, axis=0, out=row)
    predictions /= row
    np.log(row, out=row)
    np.subtract(row, losses, out=losses)


def softmax_cross_entropy_backward(predictions: Array, targets: Targets) -> None:
    """softmax(z) - 1 at the example's class, softmax(z) elsewhere."""
    predictions[targets, np.arange(len(targets))] -= 1


def largest_is_wrong(logits: Array, targets: Targets) -> NDArray[np.bool_]:
    """The largest logit wins, the first of equals."""
    largest = logits == np.maximum.reduce(logits, axis=0)
    columns = largest.shape[1]
    wrong: NDArray[np.bool_]
    if np.count_nonzero(largest) == columns:
        wrong = ~largest[targets, np.arange(columns)]
    else:  # equals, or NaN: slower
        wrong = np.argmax(logits, axis=0) != targets
    return wrong


def binary_cross_entropy(
    logits: Array, targets: Targets, predictions: Array, losses: Array
) -> None:
    """max(z, 0) - z y + log(1 + exp(-|z|)), and sigmoid(z). One logit an example: (1, m)."""
    score, prediction = logits[0], predictions[0]
    np.abs(score, out=losses)
    np.negative(losses, out=losses)
    np.exp(losses, out=losses)
    np.log1p(losses, out=losses)
    np.multiply(score, targets, out=prediction)
    losses -= prediction
    np.maximum(score, np.zeros_like(score), out=prediction)
    losses += prediction
    np.copyto(prediction, score)
    sigmoid_forward(prediction)


def binary_cross_entropy_backward(predictions: Array, targets: Targets) -> None:
    """sigmoid(z) - y."""
    np.subtract(predictions[0], targets, out=predictions[0])


def sign_is_wrong(logits: Array, targets: Targets) -> NDArray[np.bool_]:
    """Class 1 wins where its logit is above 0."""
    wrong: NDArray[np.bool_] = (logits[0] > 0) != targets
    return wrong


def half_squared_error(logits: Array, targets: Targets, predictions: Array, losses: Array) -> None:
    """(z - y)^2 / 2, and z. One output an example: (1, m)."""
    np.copyto(predictions, logits)
    np.subtract(logits[0], targets, out=losses)
    losses *= losses
    losses *= 0.5


def half_squared_error_backward(predictions: Array, targets: Targets) -> None:
    """Z - y."""
    predictions[0] -= targets


LOSSES: dict[str, Loss] = {
    "softmax_cross_entropy": Loss(
        softmax_cross_entropy, softmax_cross_entropy_backward, largest_is_wrong, labels=True
    ),
    "binary_cross_entropy": Loss(
        binary_cross_entropy, binary_cross_entropy_backward, sign_is_wrong
    ),
    "half_squared_error": Loss(half_squared_error, half_squared_error_backward, None),
}
