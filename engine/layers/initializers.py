"""Initial weights: standard normal draws times a deviation by layer. Biases are zero."""

import math
from collections.abc import Callable

Initializer = Callable[[int, float], float]
"""(n_in, initialization_scale) -> the standard deviation of the layer's weights."""


def zeros(inputs: int, scale: float) -> float:
    """0: every unit of a layer starts, and stays, equal to its neighbours."""
    return 0.0


def random(inputs: int, scale: float) -> float:
    """The given scale, whatever the width."""
    return scale


def xavier(inputs: int, scale: float) -> float:
    """sqrt(1 / n_in) keeps the variance of tanh units from layer to layer (Glorot and Bengio)."""
    return math.sqrt(1.0 / inputs)


def he(inputs: int, scale: float) -> float:
    """sqrt(2 / n_in) does so for relu, which halves the variance (He et al.)."""
    return math.sqrt(2.0 / inputs)


INITIALIZERS: dict[str, Initializer] = {
    "zeros": zeros,
    "random": random,
    "xavier": xavier,
    "he": he,
}
