"""The dense layer, batch normalization and dropout, forward and backward side by side.

An example is a row, as in tables: inputs (m, n_in), outputs (m, n_out). W is (n_out, n_in).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from caviar.engine.arrays import Array
from caviar.engine.draws import dropout_words
from caviar.engine.layers import batch_norm as normalization
from caviar.engine.layers.dense import dense_backward, dense_forward, dense_inputs_backward
from caviar.engine.layers.dropout import fill_factors
from caviar.engine.nn.arrays import floats, same_shape
from caviar.engine.recipe import Recipe


class DenseGradients(NamedTuple):
    """The gradients by a dense layer's weights (n_out, n_in), biases (n_out,), inputs (m, n_in)."""

    weights: Array
    biases: Array
    inputs: Array


class BatchNorm(NamedTuple):
    """What batch norm computes in training, with all that the backward pass needs."""

    outputs: Array
    """gamma xhat + beta, (m, n)."""
    normalized: Array
    """xhat, (m, n)."""
    mean: Array
    """mu, (n,)."""
    variance: Array
    """The biased variance, (n,)."""


class BatchNormGradients(NamedTuple):
    """The gradients by batch norm's inputs (m, n), gamma (n,) and beta (n,)."""

    inputs: Array
    gamma: Array
    beta: Array


class Dropout(NamedTuple):
    """What dropout computes: outputs A factors, and the factors, 0 or 1 / keep_prob, (m, n)."""

    outputs: Array
    factors: Array


def dense(inputs: ArrayLike, weights: ArrayLike, biases: ArrayLike) -> Array:
    """Z = A W^T + b (m, n_out), from A (m, n_in), W (n_out, n_in) and b (n_out,).

    >>> dense([[1.0, 2.0]], [[1.0, 1.0], [0.0, 3.0]], [0.5, 0.0])
    array([[3.5, 6. ]])
    """
    columns, matrix = _dense_operands(inputs, weights)
    offsets = floats(biases, "biases", dimensions=1)
    outputs = np.empty((len(matrix), columns.shape[1]), columns.dtype)
    ones = np.ones((1, columns.shape[1]), columns.dtype)
    dense_forward(np.hstack([matrix, offsets[:, None]]), np.vstack([columns, ones]), outputs)
    return outputs.T


def dense_gradients(gradient: ArrayLike, inputs: ArrayLike, weights: ArrayLike) -> DenseGradients:
    """From dZ (m, n_out): dW = dZ^T A, db = the sum of dZ over the examples, dA = dZ W.

    >>> dense_gradients([[1.0]], [[2.0, 3.0]], [[4.0, 5.0]]).weights
    array([[2., 3.]])
    """
    columns, matrix = _dense_operands(inputs, weights)
    dz = np.ascontiguousarray(floats(gradient, "gradient", dimensions=2).T)
    rows = np.hstack([columns.T, np.ones((columns.shape[1], 1), columns.dtype)])
    both = np.empty((len(matrix), matrix.shape[1] + 1), columns.dtype)
    dense_backward(dz, rows, both)
    inputs_gradient = np.empty_like(columns)
    dense_inputs_backward(matrix.T, dz, inputs_gradient)
    return DenseGradients(both[:, :-1], both[:, -1], inputs_gradient.T)


def batch_norm(inputs: ArrayLike, gamma: ArrayLike, beta: ArrayLike) -> BatchNorm:
    """From Z (m, n) of a mini-batch: gamma xhat + beta, xhat = (Z - mu) / sqrt(var + 1e-5).

    mu and var are the mean and the biased variance of each feature over the m examples; gamma and
    beta (n,) are trained (Ioffe and Szegedy, 2015, algorithm 1).

    >>> batch_norm([[0.0], [2.0]], gamma=[3.0], beta=[1.0]).outputs.round(3)
    array([[-2.],
           [ 4.]])
    """
    values, scale, shift = _norm_operands(inputs, gamma, beta)
    normalized = np.empty_like(values)
    mean, variance, _ = normalization.batch_norm_forward(values, scale, shift, normalized)
    return BatchNorm(values[0].T, normalized[0].T, mean[0, :, 0], variance[0, :, 0])


def batch_norm_gradients(
    gradient: ArrayLike, inputs: ArrayLike, gamma: ArrayLike
) -> BatchNormGradients:
    """From dout (m, n): dgamma = the sum of dout xhat and dbeta = the sum of dout, both over the
    examples, and dZ = gamma / sqrt(var + 1e-5) (dout - dbeta / m - xhat dgamma / m).

    >>> batch_norm_gradients([[1.0], [0.0]], [[0.0], [2.0]], gamma=[3.0]).beta
    array([1.])
    """
    values, scale, _ = _norm_operands(inputs, gamma, np.zeros_like(floats(gamma, "gamma")))
    dz = np.ascontiguousarray(floats(gradient, "gradient", dimensions=2).T)[None]
    same_shape(dz, values, "gradient and inputs")
    normalized = np.empty_like(values)
    *_, inverse = normalization.batch_norm_forward(values, scale, np.zeros_like(scale), normalized)
    gamma_gradient, beta_gradient = np.empty((2, *values.shape[:2]), values.dtype)
    normalization.batch_norm_backward(dz, normalized, inverse, scale, gamma_gradient, beta_gradient)
    return BatchNormGradients(dz[0].T, gamma_gradient[0], beta_gradient[0])


def batch_norm_evaluate(
    inputs: ArrayLike, gamma: ArrayLike, beta: ArrayLike, mean: ArrayLike, variance: ArrayLike
) -> Array:
    """Of Z (m, n), by running statistics (n,): gamma (Z - mean) / sqrt(variance + 1e-5) + beta.

    >>> batch_norm_evaluate([[4.0]], [1.0], [0.0], mean=[2.0], variance=[4.0]).round(3)
    array([[1.]])
    """
    values, scale, shift = _norm_operands(inputs, gamma, beta)
    columns = [
        floats(statistic, "mean and variance", dimensions=1)[None, :, None]
        for statistic in (mean, variance)
    ]
    normalization.batch_norm_evaluate(values, scale, shift, *columns)
    outputs: Array = values[0].T
    return outputs


def dropout(activations: ArrayLike, keep_prob: float, *, seed: int = 0, epoch: int = 0) -> Dropout:
    """Inverted dropout: a value of A (m, n) is kept with probability keep_prob and divided by it.

    The mean does not change, so nothing is scaled in predictions (Srivastava et al., 2014). The
    backward pass is dA factors. The factors are a function of seed and epoch.

    >>> sorted(set(dropout([[1.0] * 50], keep_prob=0.5).outputs[0].tolist()))
    [0.0, 2.0]
    """
    keep_prob = Recipe(keep_prob=keep_prob).keep_prob
    values = floats(activations, "activations", dimensions=2)
    factors = np.ones((values.shape[1], values.shape[0]), values.dtype)
    if keep_prob < 1.0:
        fill_factors(factors, dropout_words(seed, 0, epoch), keep_prob)
    return Dropout(values * factors.T, factors.T)


def _dense_operands(inputs: ArrayLike, weights: ArrayLike) -> tuple[Array, Array]:
    """The inputs as columns (n_in, m), and W."""
    rows, matrix = floats(inputs, "inputs", dimensions=2), floats(weights, "weights", dimensions=2)
    if rows.shape[1] != matrix.shape[1]:
        raise ValueError(
            f"weights must be (n_out, {rows.shape[1]}) for inputs {rows.shape}, not {matrix.shape}"
        )
    return np.ascontiguousarray(rows.T), matrix


def _norm_operands(
    inputs: ArrayLike, gamma: ArrayLike, beta: ArrayLike
) -> tuple[Array, Array, Array]:
    """The inputs as one lane (1, n, m), gamma and beta as (1, n, 1)."""
    values = np.ascontiguousarray(floats(inputs, "inputs", dimensions=2).T)[None]
    scale, shift = floats(gamma, "gamma", dimensions=1), floats(beta, "beta", dimensions=1)
    if len(scale) != values.shape[1] or len(shift) != values.shape[1]:
        raise ValueError(f"gamma and beta must be ({values.shape[1]},), one for each feature")
    return values, scale[None, :, None], shift[None, :, None]
