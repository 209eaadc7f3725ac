"""Losses on logits, each with its prediction.

`forward(logits, labels, predictions, losses)` reads logits (K, C, m) and labels (m,), and fills
predictions (K, C, m) and the loss of each example, losses (K, m). Of every loss here, taken as the
mean over m examples, the gradient is (prediction - target) / m: `backward` serves them all.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.activations import sigmoid_forward
from engine.arrays import Array, Labels


@dataclass(frozen=True)
class Loss:
    """A loss: its forward pass, and the targets (C, m) of labels (m,)."""

    forward: Callable[[Array, Labels, Array, Array], None]
    targets: Callable[[Labels, int], Array]


def softmax_cross_entropy(logits: Array, labels: Labels, predictions: Array, losses: Array) -> None:
    """logsumexp(z) - z_y, and softmax(z).

    The largest logit is taken off first, so that exp cannot overflow.
    """
    lanes, classes, examples = logits.shape
    column = np.maximum.reduce(logits, axis=1, keepdims=True)
    np.subtract(logits, column, out=predictions)
    chosen = labels * examples + np.arange(examples)
    np.take(predictions.reshape(lanes, -1), chosen, axis=1, out=losses, mode="clip")
    np.exp(predictions, out=predictions)
    # A product with ones sums faster than a reduction over a short axis.
    np.matmul(np.ones((1, classes), logits.dtype), predictions, out=column)
    predictions /= column
    np.log(column, out=column)
    np.subtract(column[:, 0], losses, out=losses)


def binary_cross_entropy(logits: Array, labels: Labels, predictions: Array, losses: Array) -> None:
    """max(z, 0) - z y + log(1 + exp(-|z|)), and sigmoid(z). One logit an example: (K, 1, m)."""
    score = logits[:, 0]
    np.abs(score, out=losses)
    np.negative(losses, out=losses)
    np.exp(losses, out=losses)
    np.log1p(losses, out=losses)
    # max(z, 0) - z y is max(z, 0) for y = 0 and max(-z, 0) for y = 1.
    sign = (1 - 2 * labels).astype(logits.dtype)
    prediction = predictions[:, 0]
    np.multiply(score, sign, out=prediction)
    np.maximum(prediction, 0, out=prediction)
    losses += prediction
    np.copyto(predictions, logits)
    sigmoid_forward(predictions)


def one_hot(labels: Labels, classes: int) -> Array:
    """(C, m): 1 at each example's class."""
    return np.equal(labels, np.arange(classes)[:, None]).astype(np.float32)


def as_row(labels: Labels, classes: int) -> Array:
    """(1, m): the label itself, 0 or 1."""
    return labels[None].astype(np.float32)


def backward(predictions: Array, targets: Array) -> None:
    """Turn predictions (K, C, m) in place into the gradient of the mean loss by the logits."""
    predictions -= targets
    predictions *= 1.0 / predictions.shape[-1]


LOSSES: dict[str, Loss] = {
    "softmax_cross_entropy": Loss(softmax_cross_entropy, one_hot),
    "binary_cross_entropy": Loss(binary_cross_entropy, as_row),
}
