"""The dense layer, forward and backward side by side.

Arrays are feature-major: activations are (k, n, m) for k lanes, n features, m examples, because
element-wise work and reductions then run along m, in long contiguous rows. A layer's input carries
one more row of ones, and its parameters one more column of biases:

    weights (k, n_out, n_in + 1) = W (k, n_out, n_in) beside b (k, n_out, 1)

so that the matrix product also adds the bias and also computes its gradient. A layer that is
followed by batch norm has no biases, and neither that row nor that column.
"""

import numpy as np

from caviar.engine.arrays import Array


def dense_forward(weights: Array, inputs: Array, out: Array) -> None:
    """Fill `out` with Z = W A + b, (k, n_out, m).

    weights (k, n_out, n_in + 1); inputs (k, n_in + 1, m), or (n_in + 1, m) shared by all lanes,
    whose last row is ones.
    """
    np.matmul(weights, inputs, out=out)


def dense_backward(gradient: Array, rows: Array, weights_gradient: Array) -> None:
    """Fill `weights_gradient` (k, n_out, n_in + 1) with dW = dZ A^T beside db = sum of dZ.

    `gradient` is dZ (k, n_out, m); `rows` is A^T with its column of ones, (k, m, n_in + 1), or
    (m, n_in + 1) shared by all lanes.
    """
    np.matmul(gradient, rows, out=weights_gradient)


def dense_inputs_backward(weights: Array, gradient: Array, inputs_gradient: Array) -> None:
    """Fill `inputs_gradient` with dA = W^T dZ (k, n_in, m).

    `weights` is W^T (k, n_in, n_out) without biases; `gradient` is dZ (k, n_out, m).
    """
    np.matmul(weights, gradient, out=inputs_gradient)
