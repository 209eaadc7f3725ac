"""Initial weights: standard normal draws times a standard deviation per layer. Biases are zero."""

import math
from collections.abc import Callable
from typing import TypeAlias

Initializer: TypeAlias = Callable[[int, float], float]
"""(n_in, initialization_scale) -> the standard deviation of the layer's weights."""


def zeros(inputs: int, scale: float) -> float:
    """0: all units of a layer start equal, and stay equal."""
    return 0.0


def random(inputs: int, scale: float) -> float:
    """The given scale, independent of the width."""
    return scale


def xavier(inputs: int, scale: float) -> float:
    """sqrt(1 / n_in): keeps the variance of tanh units across layers (Glorot and Bengio, 2010)."""
    return math.sqrt(1.0 / inputs)


def he(inputs: int, scale: float) -> float:
    """sqrt(2 / n_in): the same for relu, which halves the variance (He et al., 2015)."""
    return math.sqrt(2.0 / inputs)


INITIALIZERS: dict[str, Initializer] = {
    "zeros": zeros,
    "random": random,
    "xavier": xavier,
    "he": he,
}
"""The initializers by name."""
