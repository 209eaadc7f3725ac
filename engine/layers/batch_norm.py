"""Batch normalization (Ioffe and Szegedy, 2015), forward and backward side by side.

Arrays are (k, n, m): lanes, features, examples; gamma, beta and statistics are columns (k, n, 1).

Notation, for one feature of one lane:

    Z, dZ        inputs and the gradient of the loss by them
    mu, var      mean and biased variance of Z over the m examples
    xhat         (Z - mu) / sqrt(var + epsilon)
    out, dout    outputs gamma xhat + beta, and the gradient of the loss by them
"""

import numpy as np

from caviar.engine.arrays import Array

EPSILON = 1e-5
"""Added to the variance, so that a constant feature is not divided by zero."""


def batch_norm_forward(
    values: Array, gamma: Array, beta: Array, normalized: Array
) -> tuple[Array, Array, Array]:
    """Turn Z (k, n, m) in place into gamma xhat + beta, with xhat = (Z - mu) / sqrt(var + epsilon).

    Fills `normalized` with xhat (k, n, m) and returns (mu, var, 1 / sqrt(var + epsilon)), each
    (k, n, 1). A single example gives xhat = 0.
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
    """Turn dout (k, n, m) in place into dZ, and fill the gradients of gamma and beta (k, n).

    dgamma = sum dout xhat, dbeta = sum dout,
    dZ = gamma / sqrt(var + epsilon) (dout - dbeta / m - xhat dgamma / m).
    `inverse` is 1 / sqrt(var + epsilon) (k, n, 1). Overwrites `normalized`.
    """
    inverse_count = 1.0 / gradient.shape[-1]
    gamma_gradient[...] = np.vecdot(gradient, normalized)
    mean = _mean(gradient)
    np.divide(mean[..., 0], inverse_count, out=beta_gradient)
    normalized *= gamma_gradient[..., None] * inverse_count
    gradient -= normalized
    gradient -= mean
    gradient *= gamma * inverse


def batch_norm_evaluate(
    values: Array, gamma: Array, beta: Array, mean: Array, variance: Array
) -> None:
    """Turn Z (k, n, m) in place into gamma (Z - mean) / sqrt(variance + epsilon) + beta."""
    scale = gamma / np.sqrt(variance + EPSILON)
    values *= scale
    values += beta - mean * scale


def moments(statistics: Array, start: int, units: int) -> tuple[Array, Array]:
    """A layer's mean and variance (k, n, 1), which begin at `start` in running statistics (k, S).

    The first statistic is the running average of 1: the weight of all averaged batches, by which
    the others are divided to remove their bias towards the initial 0. Before the first step the
    mean is 0 and the variance 1.
    """
    weight = statistics[:, :1, None]
    has_steps = weight > 0
    divisor = np.where(has_steps, weight, 1)
    mean = statistics[:, start : start + units, None] / divisor
    variance = statistics[:, start + units : start + 2 * units, None] / divisor
    return mean, np.where(has_steps, variance, 1)


def _mean(values: Array) -> Array:
    """The mean (k, n, 1), as a product, which is faster than a reduction over a short axis."""
    examples = values.shape[-1]
    mean: Array = np.vecdot(values, np.ones(examples, values.dtype))[..., None]
    mean *= 1.0 / examples
    return mean
