"""How much better than the best a value is to be expected to be."""

import math

import numpy as np

from caviar.sampler.surrogate.gaussian_process import Floats

FAR = 1e6  # standard deviations from the best: what is further is as hopeless


def log_expected_improvement(
    mean: Floats, variance: Floats, *, best: float, kappa: float
) -> Floats:
    """The `improvement` of values to expect, their deviations counted `doubt` times."""
    return log_improvement(mean, kappa * np.sqrt(variance), best)


def log_improvement(mean: Floats, deviation: Floats, best: float) -> Floats:
    """The logarithm of how far below `best` a normal value is to be expected, above it being 0.

    Far above the best, where the value itself is too small for a double, by the scaled
    complementary error function. The larger the deviation, the more is to be expected.
    """
    from scipy.special import erfcx, ndtr

    z = (best - mean) / deviation
    below = np.clip(z, -FAR, 0.0)
    mills = math.sqrt(0.5 * math.pi) * erfcx(-math.sqrt(0.5) * below)
    logs: Floats = np.log1p(below * mills) - 0.5 * below * below - 0.5 * math.log(2.0 * math.pi)
    ahead = z > 0.0
    if ahead.any():  # it seldom is
        above = z[ahead]
        density = np.exp(-0.5 * above * above) / math.sqrt(2.0 * math.pi)
        logs[ahead] = np.log(density + above * ndtr(above))
    logs += np.log(deviation)
    return logs
