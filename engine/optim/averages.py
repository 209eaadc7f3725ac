"""Exponentially weighted averages: v_t = beta v_{t-1} + (1 - beta) x_t, with v_0 = 0.

Momentum, RMSprop, Adam, the statistics of batch norm and the smoothing of curves all use this
average. Optimizers store it unscaled, u_t = v_t / (1 - beta), which saves one pass over memory; the
factor becomes part of a coefficient.
"""

from collections.abc import Iterable

import numpy as np

from caviar.engine.arrays import Array


def update_unscaled(average: Array, value: Array, beta: Array | float) -> None:
    """One step in place: u = beta u + x. `beta` is a number, or a column that broadcasts to u."""
    average *= beta
    average += value


def update_average(
    average: Array, value: Array, beta: Array | float, complement: Array | float
) -> None:
    """One step in place: v = beta v + complement x.

    `complement` is 1 - beta, which the caller computes in float64: in float32 it would lose digits.
    """
    update_unscaled(average, np.multiply(value, complement), beta)


def bias_correction(beta: float, step: int) -> float:
    """1 - beta^t: dividing v_t by it removes the bias of early averages towards v_0 = 0.

    `step` is t, counted from 1 (Kingma and Ba, 2015, section 3).
    """
    return 1.0 - beta**step


def smooth(values: Iterable[float], beta: float, *, corrected: bool = True) -> list[float]:
    """The running average of a curve, one value per value; about the last 1 / (1 - beta) values.

    It is bias-corrected unless `corrected` is false: then it starts near 0. 0 <= `beta` < 1.

    >>> [round(value, 2) for value in smooth([10.0, 20.0], beta=0.5)]
    [10.0, 16.67]
    >>> smooth([10.0, 20.0], beta=0.5, corrected=False)
    [5.0, 12.5]
    """
    smoothed, average = [], 0.0
    for step, value in enumerate(values, start=1):
        average = beta * average + (1.0 - beta) * value
        smoothed.append(average / bias_correction(beta, step) if corrected else average)
    return smoothed
