"""A two-grid solver of a Poisson problem, by Fourier analysis of each pair of waves."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

Params = Mapping[str, Any]

_FINE = (
    np.sin(np.linspace(0.01, math.pi / 4, 60)) ** 2
)  # of each smooth wave; the oscillatory one of its pair has 1 - it


def multigrid(p: Params) -> float | None:
    """The log work per decimal digit of a two-grid solver; None: it does not converge."""
    high = 1 - _FINE
    low_before, high_before = ((1 - 2 * p["damp_before"] * s) ** p["before"] for s in (_FINE, high))
    low_after, high_after = ((1 - 2 * p["damp_after"] * s) ** p["after"] for s in (_FINE, high))
    left = (1 - 0.97 ** (8 * p["coarse"])) * p[
        "stretch"
    ]  # the share of the coarse error that is removed
    a, b = 1 - left * high, left * high
    c, d = left * _FINE, 1 - left * _FINE
    a, b = low_after * a * low_before, low_after * b * high_before
    c, d = high_after * c * low_before, high_after * d * high_before
    inside = np.sqrt(((a - d) / 2) ** 2 + b * c + 0j)
    factor = float(np.max(np.abs([(a + d) / 2 + inside, (a + d) / 2 - inside])))
    if factor >= 0.9999:
        return None
    work = p["before"] + p["after"] + 2.5 + 0.02 * p["coarse"]
    return math.log(work / -math.log10(max(factor, 1e-6)))
