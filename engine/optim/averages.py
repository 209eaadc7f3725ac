"""Exponentially weighted averages: v_t = beta v_{t-1} + (1 - beta) x_t, with v_0 = 0.

Momentum, RMSprop, Adam, the statistics of batch norm and the smoothing of curves are all this one
average. Optimizers keep it unscaled, u_t = v_t / (1 - beta), which is a pass over memory less; the
factor goes into a coefficient.
"""

from collections.abc import Iterable

import numpy as np

from caviar.engine.arrays import Array


def update_unscaled(average: Array, value: Array, beta: Array | float) -> None:
    """One step in place: u = beta u + x. `beta` broadcasts against u, as columns do."""
    average *= beta
    average += value


def update_average(
    average: Array, value: Array, beta: Array | float, complement: Array | float
) -> None:
    """One step in place: v = beta v + complement x.

    `complement` is 1 - beta, given apart because rounding 1 - beta in float32 would lose digits.
    """
    update_unscaled(average, np.multiply(value, complement), beta)


def bias_correction(beta: float, step: int) -> float:
    """1 - beta^t: what v_t is divided by, so that early averages are not drawn towards v_0 = 0."""
    return 1.0 - beta**step


def smooth(values: Iterable[float], beta: float) -> list[float]:
    """The bias-corrected running average of a curve, for drawing."""
    smoothed, average = [], 0.0
    for step, value in enumerate(values, start=1):
        average = beta * average + (1.0 - beta) * value
        smoothed.append(average / bias_correction(beta, step))
    return smoothed
