"""Losses on logits z, each with its predictions.

`forward(logits, targets, predictions, losses)` reads logits and targets (C, m), and fills
predictions (C, m) and the loss of each example, losses (m,). `backward(predictions, targets)` turns
predictions in place into the gradient of each example's loss by its logits: prediction - target.
`misclassified(logits, targets)` marks the misclassified examples, (m,). With several classes,
targets are one-hot columns; y is the target or the class of an example.

The m columns may belong to several lanes: nothing here is computed across columns.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from caviar.engine.arrays import Array, BoolArray
from caviar.engine.layers.activations import sigmoid_forward


@dataclass(frozen=True)
class Loss:
    """A loss, forward and backward; `misclassified` is None if there are no classes."""

    forward: Callable[[Array, Array, Array, Array], None]
    backward: Callable[[Array, Array], None]
    misclassified: Callable[[Array, Array], BoolArray] | None


def softmax_cross_entropy(logits: Array, targets: Array, predictions: Array, losses: Array) -> None:
    """The loss logsumexp(z) - z_y and the prediction softmax(z).

    The largest logit is subtracted first, so that exp cannot overflow.
    """
    row = np.maximum.reduce(logits, axis=0)
    np.subtract(logits, row, out=predictions)
    _target_values(predictions, targets, losses)
    np.exp(predictions, out=predictions)
    np.add.reduce(predictions, axis=0, out=row)
    predictions /= row
    np.log(row, out=row)
    np.subtract(row, losses, out=losses)


def softmax_cross_entropy_backward(predictions: Array, targets: Array) -> None:
    """The gradient: softmax(z) - 1 at the example's class, softmax(z) elsewhere."""
    predictions -= targets


def _target_values(values: Array, targets: Array, out: Array) -> None:
    """The value in the row of each example's class, (m,), exact because all other terms are 0."""
    np.einsum("cm,cm->m", values, targets, out=out)


def multiclass_errors(logits: Array, targets: Array) -> BoolArray:
    """Where the class of the largest logit, the first of equal ones, is not the target, (m,)."""
    largest = np.maximum.reduce(logits, axis=0)
    errors: BoolArray
    if np.count_nonzero(logits == largest) == len(largest):
        target_logits = np.empty_like(largest)
        _target_values(logits, targets, target_logits)
        errors = target_logits != largest
    else:  # equal logits or NaN: slower
        errors = np.argmax(logits, axis=0) != np.argmax(targets, axis=0)
    return errors


def binary_cross_entropy(logits: Array, targets: Array, predictions: Array, losses: Array) -> None:
    """The loss max(z, 0) - z y + log(1 + exp(-|z|)) and the prediction sigmoid(z).

    An example has one logit: logits, targets and predictions are (1, m).
    """
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
    """The gradient sigmoid(z) - y."""
    np.subtract(predictions, targets, out=predictions)


def binary_errors(logits: Array, targets: Array) -> BoolArray:
    """Where the predicted class, 1 if the logit is above 0, is not the target, (m,)."""
    errors: BoolArray = (logits[0] > 0) != (targets[0] > 0)
    return errors


def half_squared_error(logits: Array, targets: Array, predictions: Array, losses: Array) -> None:
    """The loss (z - y)^2 / 2 and the prediction z.

    An example has one output: logits, targets and predictions are (1, m).
    """
    np.copyto(predictions, logits)
    np.subtract(logits[0], targets[0], out=losses)
    losses *= losses
    losses *= 0.5


def half_squared_error_backward(predictions: Array, targets: Array) -> None:
    """The gradient z - y."""
    predictions -= targets


def l2_penalty(weights: Iterable[Array], l2: float, examples: int) -> Array:
    """The L2 term of the cost of k lanes, (k,): l2 / (2 m) times the sum of their squared weights.

    `weights` are the matrices of the layers, (k, n_out, n_in) each; m is the number of training
    examples. Its gradient by a weight is l2 / m times the weight.
    """
    squares = sum(np.square(matrix).sum(axis=(1, 2)) for matrix in weights)
    penalty: Array = np.asarray(l2 / (2 * examples) * squares)
    return penalty


LOSSES: dict[str, Loss] = {
    "softmax_cross_entropy": Loss(
        softmax_cross_entropy, softmax_cross_entropy_backward, multiclass_errors
    ),
    "binary_cross_entropy": Loss(
        binary_cross_entropy, binary_cross_entropy_backward, binary_errors
    ),
    "half_squared_error": Loss(half_squared_error, half_squared_error_backward, None),
}
"""The losses by name."""
