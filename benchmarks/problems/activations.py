"""Smooth bends that formulas of problems are made of."""

import math


def softplus(x: float) -> float:
    """0 far below 0, x far above, and smooth between."""
    return math.log1p(math.exp(-abs(x))) + max(x, 0.0)


def logistic(x: float) -> float:
    """0 far below 0, 1 far above, and smooth between."""
    return 0.5 + 0.5 * math.tanh(0.5 * x)
