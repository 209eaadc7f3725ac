"""Inverted dropout, in training only.

Each value is kept with probability keep_prob, and divided by it, so that its mean stays. The same
factors go forward and backward: A *= factors, and then dA *= factors.
"""

import numpy as np

from caviar.engine.arrays import Array

LEVELS = 1 << 16
"""Uniform draws have 16 bits: four come from one word of the generator."""


def fill_factors(factors: Array, words: np.random.BitGenerator, keep_prob: float) -> None:
    """Fill with 1 / keep_prob where uniform < keep_prob, else 0. Any shape; draws in C order."""
    count = -(-factors.size // 4)
    uniform = words.random_raw(count).view(np.uint16)[: factors.size]
    kept = uniform < threshold(keep_prob)
    np.multiply(kept.reshape(factors.shape), factors.dtype.type(1.0 / keep_prob), out=factors)


def threshold(keep_prob: float) -> int:
    """The draws below it, of LEVELS, are kept."""
    return min(max(round(keep_prob * LEVELS), 1), LEVELS - 1)
