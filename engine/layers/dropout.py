"""Inverted dropout (Srivastava et al., 2014), in training only.

Each value is kept with probability keep_prob and divided by it, so that its mean does not change.
The forward and the backward pass use the same factors: A *= factors, and then dA *= factors.
"""

import numpy as np

from caviar.engine.arrays import Array

LEVELS = 1 << 16
"""The values of a uniform draw, which has 16 bits: one 64-bit word of the generator gives four."""


def fill_factors(factors: Array, words: np.random.BitGenerator, keep_prob: float) -> None:
    """Fill an array of any shape: 1 / keep_prob where a uniform draw is below keep_prob, else 0.

    The draws come from `words`, in C order.
    """
    count = -(-factors.size // 4)
    uniform = words.random_raw(count).view(np.uint16)[: factors.size]
    kept = uniform < threshold(keep_prob)
    np.multiply(kept.reshape(factors.shape), factors.dtype.type(1.0 / keep_prob), out=factors)


def threshold(keep_prob: float) -> int:
    """The number of the LEVELS values of a draw that are kept: at least one and not all."""
    return min(max(round(keep_prob * LEVELS), 1), LEVELS - 1)
