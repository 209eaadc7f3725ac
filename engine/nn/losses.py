"""Losses of m examples on logits z, before softmax or sigmoid, and their gradients.

A loss is (m,), one for each example; the cost J that a network is trained on is their mean. A
gradient is that of each example's own loss; divided by m it is that of the mean.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from caviar.engine.arrays import Array
from caviar.engine.layers import losses
from caviar.engine.layers.losses import LOSSES
from caviar.engine.nn.arrays import floats, labels, same_shape


def softmax_cross_entropy(logits: ArrayLike, classes: ArrayLike) -> Array:
    """log(sum of exp(z)) - z_y, from logits (m, C) and the classes y (m,), 0 … C - 1.

    >>> softmax_cross_entropy([[0.0, 0.0, 0.0]], [1]).round(4)
    array([1.0986])
    """
    columns, targets = _multiclass(logits, classes)
    return _forward("softmax_cross_entropy", columns, targets)[1]


def softmax_cross_entropy_gradient(logits: ArrayLike, classes: ArrayLike) -> Array:
    """softmax(z) - 1 at the class y, softmax(z) elsewhere: (m, C).

    >>> softmax_cross_entropy_gradient([[0.0, 0.0]], [1])
    array([[ 0.5, -0.5]])
    """
    columns, targets = _multiclass(logits, classes)
    return _backward("softmax_cross_entropy", columns, targets).T


def binary_cross_entropy(logits: ArrayLike, classes: ArrayLike) -> Array:
    """-y log(g(z)) - (1 - y) log(1 - g(z)) with g the sigmoid, from logits (m,) and y (m,), 0 or 1.

    It is computed as max(z, 0) - z y + log(1 + exp(-|z|)), which overflows for no z.

    >>> binary_cross_entropy([0.0, 1000.0], [1, 0]).round(4).tolist()
    [0.6931, 1000.0]
    """
    row, targets = _binary(logits, classes)
    return _forward("binary_cross_entropy", row, targets)[1]


def binary_cross_entropy_gradient(logits: ArrayLike, classes: ArrayLike) -> Array:
    """g(z) - y, (m,), with g the sigmoid.

    >>> binary_cross_entropy_gradient([0.0, 0.0], [1, 0])
    array([-0.5,  0.5])
    """
    row, targets = _binary(logits, classes)
    return _backward("binary_cross_entropy", row, targets).ravel()


def half_squared_error(outputs: ArrayLike, targets: ArrayLike) -> Array:
    """(z - y)^2 / 2, from outputs z (m,) and targets y (m,).

    >>> half_squared_error([1.0, 3.0], [1.0, 1.0])
    array([0., 2.])
    """
    row, values = _regression(outputs, targets)
    return _forward("half_squared_error", row, values)[1]


def half_squared_error_gradient(outputs: ArrayLike, targets: ArrayLike) -> Array:
    """Prediction minus target, z - y, (m,).

    >>> half_squared_error_gradient([1.0, 3.0], [1.0, 1.0])
    array([0., 2.])
    """
    row, values = _regression(outputs, targets)
    return _backward("half_squared_error", row, values).ravel()


def l2_penalty(weights: Sequence[ArrayLike], l2: float, examples: int) -> float:
    """l2 / (2 m) times the sum of the squared weights of all layers: what L2 adds to the cost.

    Its gradient by a matrix W is l2 / m W. Biases, gamma and beta have no part in it.

    >>> l2_penalty([[[3.0, 4.0]]], l2=2.0, examples=10)
    2.5
    """
    matrices = [floats(matrix, "weights", dimensions=2)[None] for matrix in weights]
    return float(losses.l2_penalty(matrices, l2, examples)[0])


def _multiclass(logits: ArrayLike, classes: ArrayLike) -> tuple[Array, Array]:
    rows = floats(logits, "logits", dimensions=2)
    chosen = labels(classes, *rows.shape)
    columns = np.ascontiguousarray(rows.T)
    targets = np.zeros_like(columns)
    targets[chosen, np.arange(len(chosen))] = 1
    return columns, targets


def _binary(logits: ArrayLike, classes: ArrayLike) -> tuple[Array, Array]:
    row = floats(logits, "logits", dimensions=1)
    return row[None], labels(classes, len(row), 2).astype(row.dtype)[None]


def _regression(outputs: ArrayLike, targets: ArrayLike) -> tuple[Array, Array]:
    row, values = floats(outputs, "outputs", dimensions=1), floats(targets, "targets")
    same_shape(row, values, "outputs and targets")
    return row[None], values[None]


def _forward(name: str, columns: Array, targets: Array) -> tuple[Array, Array]:
    """Predictions (C, m) and losses (m,) from columns (C, m)."""
    predictions, values = np.empty_like(columns), np.empty_like(columns[0])
    LOSSES[name].forward(columns, targets, predictions, values)
    return predictions, values


def _backward(name: str, columns: Array, targets: Array) -> Array:
    gradient, _ = _forward(name, columns, targets)
    LOSSES[name].backward(gradient, targets)
    return gradient
