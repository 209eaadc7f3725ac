"""Gradients by differences, to check one that was written by hand."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from caviar.engine.arrays import Array, Float64Array
from caviar.engine.gradient_check import centred_differences
from caviar.engine.nn.arrays import floats


def numerical_gradient(function: Callable[[Array], float], point: ArrayLike) -> Array:
    """The gradient of a function J by centred differences, of the shape of the point theta.

    For each value of theta, (J(theta + h) - J(theta - h)) / 2h with h = 1e-7, in float64. Compare
    it with a gradient of your own by relative_difference. J is called twice for each value.

    >>> numerical_gradient(lambda theta: float((theta**2).sum()), [1.0, -3.0]).round(4)
    array([ 2., -6.])
    """
    start = floats(point, "point").astype(np.float64)

    def values(points: Float64Array) -> Float64Array:
        return np.array([float(function(row.reshape(start.shape))) for row in points])

    return centred_differences(values, start.ravel()).reshape(start.shape)
