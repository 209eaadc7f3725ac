"""The dense layer, forward and backward side by side.

Arrays are feature-major: activations are (k, n, m) for k lanes, n features, m examples, because
element-wise work and reductions then run along m, in long contiguous rows. A layer's input carries
one more row of ones, and its parameters one more column of biases:

    weights (k, n_out, n_in + 1) = W (k, n_out, n_in) beside b (k, n_out, 1)

so that the matrix product adds the bias, and gives its gradient, on the way. A layer without
biases, for batch norm follows, has neither.
"""

import numpy as np

from caviar.engine.arrays import Array


def dense_forward(weights: Array, inputs: Array, out: Array) -> None:
    """Z = W A + b.

    weights (k, n_out, n_in + 1); inputs (k, n_in + 1, m), or (n_in + 1, m) shared by all lanes, the
    last row being ones; out (k, n_out, m).
    """
    np.matmul(weights, inputs, out=out)


def dense_backward(gradient: Array, rows: Array, weights_gradient: Array) -> None:
    """Weights: dW = dZ A^T beside db = sum of dZ.

    `gradient` is dZ (k, n_out, m); `rows` is A^T with its column of ones, (k, m, n_in + 1) or
    shared (m, n_in + 1).
    """
    np.matmul(gradient, rows, out=weights_gradient)


def dense_inputs_backward(weights: Array, gradient: Array, inputs_gradient: Array) -> None:
    """Inputs: dA = W^T dZ (k, n_in, m), by W^T (k, n_in, n_out) without biases."""
    np.matmul(weights, gradient, out=inputs_gradient)
