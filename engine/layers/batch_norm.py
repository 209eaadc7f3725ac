"""Batch normalization, forward and backward side by side.

Arrays are (k, n, m): lanes, features, examples; gamma, beta and statistics are columns (k, n, 1).
"""

import numpy as np

from caviar.engine.arrays import Array

EPSILON = 1e-5


def batch_norm_forward(
    values: Array, gamma: Array, beta: Array, normalized: Array
) -> tuple[Array, Array, Array]:
    """Turn Z in place into gamma xhat + beta, xhat = (Z - mu) / sqrt(var + epsilon).

    mu and var are the mean and the biased variance over the m examples. Fills `normalized`, xhat
    (k, n, m), and returns (mu, var, 1 / sqrt(var + epsilon)). One example gives xhat = 0.
    """
    mean = _mean(values)
    values -= mean
    variance = np.vecdot(values, values)[..., None]
    variance *= 1.0 / values.shape[-1]
    inverse = variance + EPSILON
    np.sqrt(inverse, out=inverse)
    np.reciprocal(inverse, out=inverse)
    np.multiply(values, inverse, out=normalized)
    np.multiply(normalized, gamma, out=values)
    values += beta
    return mean, variance, inverse


def batch_norm_backward(
    gradient: Array,
    normalized: Array,
    inverse: Array,
    gamma: Array,
    gamma_gradient: Array,
    beta_gradient: Array,
) -> None:
    """Turn dout in place into dZ, and fill dgamma = sum dout xhat and dbeta = sum dout (k, n).

    dZ = gamma / sqrt(var + epsilon) (dout - dbeta / m - xhat dgamma / m). Uses up `normalized`.
    """
    share = 1.0 / gradient.shape[-1]
    gamma_gradient[...] = np.vecdot(gradient, normalized)
    mean = _mean(gradient)
    np.divide(mean[..., 0], share, out=beta_gradient)
    normalized *= gamma_gradient[..., None] * share
    gradient -= normalized
    gradient -= mean
    gradient *= gamma * inverse


def batch_norm_evaluate(
    values: Array, gamma: Array, beta: Array, mean: Array, variance: Array
) -> None:
    """Turn Z in place into gamma (Z - mean) / sqrt(variance + epsilon) + beta."""
    scale = gamma / np.sqrt(variance + EPSILON)
    values *= scale
    values += beta - mean * scale


def moments(statistics: Array, start: int, units: int) -> tuple[Array, Array]:
    """A layer's mean and variance (k, n, 1), which lie at `start` in running statistics (k, S).

    The first statistic is the running average of 1: the weight of all that was averaged, which
    takes off the bias towards the start at 0. Before the first step they are 0 and 1.
    """
    weight = statistics[:, :1, None]
    seen = weight > 0
    divisor = np.where(seen, weight, 1)
    mean = statistics[:, start : start + units, None] / divisor
    variance = statistics[:, start + units : start + 2 * units, None] / divisor
    return mean, np.where(seen, variance, 1)


def _mean(values: Array) -> Array:
    """(k, n, 1): as products, which are faster than a reduction over a short axis."""
    examples = values.shape[-1]
    mean: Array = np.vecdot(values, np.ones(examples, values.dtype))[..., None]
    mean *= 1.0 / examples
    return mean
