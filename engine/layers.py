"""The dense layer, forward and backward side by side.

Arrays are feature-major: activations are (K, n, m) for K lanes, n features, m examples, because
element-wise work and reductions then run along m, in long contiguous rows. A layer's input carries
one more row of ones, and its parameters one more row of biases:

    weights (K, n_in + 1, n_out) = W (K, n_in, n_out) over b (K, 1, n_out)

so that the matrix product adds the bias, and gives its gradient, on the way.
"""

import numpy as np

from engine.arrays import Array


def dense_forward(weights: Array, inputs: Array, out: Array) -> None:
    """Z = W^T A + b.

    weights (K, n_in + 1, n_out); inputs (K, n_in + 1, m), or (n_in + 1, m) shared by all lanes, the
    last row being ones; out (K, n_out, m).
    """
    np.matmul(weights.mT, inputs, out=out)


def dense_backward(inputs: Array, gradient: Array, weights_gradient: Array) -> None:
    """Weights: dW = A dZ^T over db = sum of dZ: `gradient` is dZ (K, n_out, m)."""
    np.matmul(inputs, gradient.mT, out=weights_gradient)


def dense_inputs_backward(weights: Array, gradient: Array, inputs_gradient: Array) -> None:
    """Inputs: dA = W dZ (K, n_in, m), without the row of ones."""
    np.matmul(weights[:, :-1], gradient, out=inputs_gradient)
