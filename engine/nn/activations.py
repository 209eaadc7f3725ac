"""Activations g(z) and their derivatives g'(z), on arrays of any shape, and softmax."""

import numpy as np
from numpy.typing import ArrayLike

from caviar.engine.arrays import Array
from caviar.engine.layers.activations import ACTIVATIONS
from caviar.engine.layers.losses import LOSSES
from caviar.engine.nn.arrays import floats


def relu(z: ArrayLike) -> Array:
    """max(z, 0) (Nair and Hinton, 2010).

    >>> relu([-2.0, 3.0])
    array([0., 3.])
    """
    return _values("relu", z)


def relu_derivative(z: ArrayLike) -> Array:
    """1 where z > 0, else 0.

    >>> relu_derivative([-2.0, 3.0])
    array([0., 1.])
    """
    return _derivatives("relu", z)


def leaky_relu(z: ArrayLike) -> Array:
    """max(z, 0.01 z) (Maas et al., 2013).

    >>> leaky_relu([-2.0, 3.0])
    array([-0.02,  3.  ])
    """
    return _values("leaky_relu", z)


def leaky_relu_derivative(z: ArrayLike) -> Array:
    """1 where z > 0, else 0.01.

    >>> leaky_relu_derivative([-2.0, 3.0])
    array([0.01, 1.  ])
    """
    return _derivatives("leaky_relu", z)


def tanh(z: ArrayLike) -> Array:
    """(exp(z) - exp(-z)) / (exp(z) + exp(-z)).

    >>> tanh([0.0, 100.0])
    array([0., 1.])
    """
    return _values("tanh", z)


def tanh_derivative(z: ArrayLike) -> Array:
    """1 - tanh(z)^2.

    >>> tanh_derivative([0.0, 100.0])
    array([1., 0.])
    """
    return _derivatives("tanh", z)


def sigmoid(z: ArrayLike) -> Array:
    """1 / (1 + exp(-z)), the logistic function; no z overflows.

    >>> sigmoid([-1000.0, 0.0, 1000.0])
    array([0. , 0.5, 1. ])
    """
    return _values("sigmoid", z)


def sigmoid_derivative(z: ArrayLike) -> Array:
    """g(z) (1 - g(z)), with g the sigmoid.

    >>> sigmoid_derivative([-1000.0, 0.0])
    array([0.  , 0.25])
    """
    return _derivatives("sigmoid", z)


def softmax(logits: ArrayLike, *, axis: int = -1) -> Array:
    """exp(z_c) / sum over the classes of exp(z), along the axis of the classes.

    By default (m, C): a row per example. The largest logit is subtracted first, so that no exp
    overflows; this does not change the quotient.

    >>> softmax([[0.0, 0.0], [1000.0, 0.0]])
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    values = np.moveaxis(floats(logits, "logits"), axis, 0)
    columns = np.ascontiguousarray(values).reshape(len(values), -1)
    predictions, losses = np.empty_like(columns), np.empty_like(columns[0])
    loss = LOSSES["softmax_cross_entropy"]
    loss.forward(columns, np.zeros_like(columns), predictions, losses)
    return np.moveaxis(predictions.reshape(values.shape), 0, axis)


def _values(name: str, z: ArrayLike) -> Array:
    values = floats(z, "z")
    row = values.reshape(1, -1)
    ACTIVATIONS[name].forward(row)
    return row.reshape(values.shape)


def _derivatives(name: str, z: ArrayLike) -> Array:
    outputs = _values(name, z)
    gradient = np.ones((1, outputs.size), outputs.dtype)
    ACTIVATIONS[name].backward(outputs.reshape(1, -1), gradient)
    return gradient.reshape(outputs.shape)
