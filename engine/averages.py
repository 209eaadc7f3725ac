"""Exponentially weighted averages: v_t = beta v_{t-1} + (1 - beta) x_t, with v_0 = 0.

Momentum, RMSprop, Adam and the smoothing of curves are all this one average.
"""

from collections.abc import Iterable

import numpy as np

from engine.arrays import Array


def update_average(
    average: Array, value: Array, beta: Array | float, complement: Array | float, scratch: Array
) -> None:
    """One step in place: average = beta average + complement value.

    `complement` is 1 - beta, given apart because rounding 1 - beta in float32 would lose digits.
    `beta` and `complement` broadcast against `average`, as columns do. `value` may be `scratch`.
    """
    average *= beta
    np.multiply(value, complement, out=scratch)
    average += scratch


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
