"""Losses on logits, each with its prediction.

`forward(logits, targets, predictions, losses)` reads logits and targets (C, m), and fills
predictions (C, m) and the loss of each example, losses (m,). `backward(predictions, targets)` turns
predictions in place into the gradient of each example's loss by its logits: prediction - target.
`wrong(logits, targets)` says which examples are classified wrongly, (m,). Of several classes, a
target is a 1 in the row of its class.

The m columns may belong to several lanes: nothing here is computed across them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caviar.engine.arrays import Array
from caviar.engine.layers.activations import sigmoid_forward


@dataclass(frozen=True)
class Loss:
    """A loss forward and backward; `wrong` is None where there are no classes."""

    forward: Callable[[Array, Array, Array, Array], None]
    backward: Callable[[Array, Array], None]
    wrong: Callable[[Array, Array], NDArray[np.bool_]] | None


def softmax_cross_entropy(logits: Array, targets: Array, predictions: Array, losses: Array) -> None:
    """logsumexp(z) - z_y, and softmax(z).

    The largest logit is taken off first, so that exp cannot overflow.
    """
    row = np.maximum.reduce(logits, axis=0)
    np.subtract(logits, row, out=predictions)
    _chosen(predictions, targets, losses)
    np.exp(predictions, out=predictions)
    np.add.reduce(predictions, axis=0, out=row)
    predictions /= row
    np.log(row, out=row)
    np.subtract(row, losses, out=losses)


def softmax_cross_entropy_backward(predictions: Array, targets: Array) -> None:
    """softmax(z) - 1 at the example's class, softmax(z) elsewhere."""
    predictions -= targets


def _chosen(values: Array, targets: Array, out: Array) -> None:
    """The value in the row of each example's class, (m,): exactly it, for all else is 0."""
    np.einsum("cm,cm->m", values, targets, out=out)


def largest_is_wrong(logits: Array, targets: Array) -> NDArray[np.bool_]:
    """The largest logit wins, the first of equals."""
    largest = np.maximum.reduce(logits, axis=0)
    wrong: NDArray[np.bool_]
    if np.count_nonzero(logits == largest) == len(largest):
        own = np.empty_like(largest)
        _chosen(logits, targets, own)
        wrong = own != largest
    else:  # equals, or NaN: slower
        wrong = np.argmax(logits, axis=0) != np.argmax(targets, axis=0)
    return wrong


def binary_cross_entropy(logits: Array, targets: Array, predictions: Array, losses: Array) -> None:
    """max(z, 0) - z y + log(1 + exp(-|z|)), and sigmoid(z). One logit an example: (1, m)."""
    score, prediction = logits[0], predictions[0]
    np.abs(score, out=losses)
    np.negative(losses, out=losses)
    np.exp(losses, out=losses)
    np.log1p(losses, out=losses)
    np.multiply(score, targets[0], out=prediction)
    losses -= prediction
    np.maximum(score, np.zeros_like(score), out=prediction)
    losses += prediction
    np.copyto(prediction, score)
    sigmoid_forward(prediction)


def binary_cross_entropy_backward(predictions: Array, targets: Array) -> None:
    """sigmoid(z) - y."""
    np.subtract(predictions, targets, out=predictions)


def sign_is_wrong(logits: Array, targets: Array) -> NDArray[np.bool_]:
    """Class 1 wins where its logit is above 0."""
    wrong: NDArray[np.bool_] = (logits[0] > 0) != (targets[0] > 0)
    return wrong


def half_squared_error(logits: Array, targets: Array, predictions: Array, losses: Array) -> None:
    """(z - y)^2 / 2, and z. One output an example: (1, m)."""
    np.copyto(predictions, logits)
    np.subtract(logits[0], targets[0], out=losses)
    losses *= losses
    losses *= 0.5


def half_squared_error_backward(predictions: Array, targets: Array) -> None:
    """Z - y."""
    predictions -= targets


LOSSES: dict[str, Loss] = {
    "softmax_cross_entropy": Loss(
        softmax_cross_entropy, softmax_cross_entropy_backward, largest_is_wrong
    ),
    "binary_cross_entropy": Loss(
        binary_cross_entropy, binary_cross_entropy_backward, sign_is_wrong
    ),
    "half_squared_error": Loss(half_squared_error, half_squared_error_backward, None),
}
