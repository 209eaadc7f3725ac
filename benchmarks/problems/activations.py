"""Smooth step functions that the formulas of problems use."""

import math


def softplus(x: float) -> float:
    """log(1 + exp(x)), without overflow."""
    return math.log1p(math.exp(-abs(x))) + max(x, 0.0)


def logistic(x: float) -> float:
    """1 / (1 + exp(-x)), without overflow."""
    return 0.5 + 0.5 * math.tanh(0.5 * x)
