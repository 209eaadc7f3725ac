"""The dense layer, forward and backward side by side.

Arrays are feature-major: activations are (k, n, m) for k lanes, n features, m examples, because
element-wise work and reductions then run along m, in long contiguous rows. A layer's input carries
one more row of ones, and its parameters one more row of biases:

    weights (k, n_in + 1, n_out) = W (k, n_in, n_out) over b (k, 1, n_out)

so that the matrix product adds the bias, and gives its gradient, on the way. A layer without
biases, for batch norm follows, has neither row.
"""

import numpy as np

from engine.arrays import Array


def dense_forward(weights: Array, inputs: Array, out: Array) -> None:
    """Z = W^T A + b.

    weights (k, n_in + 1, n_out); inputs (k, n_in + 1, m), or (n_in + 1, m) shared by all lanes, the
    last row being ones; out (k, n_out, m).
    """
    np.matmul(weights.mT, inputs, out=out)


def dense_backward(inputs: Array, gradient: Array, weights_gradient: Array) -> None:
    """Weights: dW = A dZ^T over db = sum of dZ: `gradient` is dZ (k, n_out, m)."""
    np.matmul(inputs, gradient.mT, out=weights_gradient)


def dense_inputs_backward(weights: Array, gradient: Array, inputs_gradient: Array) -> None:
    """Inputs: dA = W dZ (k, n_in, m), by the W (k, n_in, n_out) without biases."""
    np.matmul(weights, gradient, out=inputs_gradient)
