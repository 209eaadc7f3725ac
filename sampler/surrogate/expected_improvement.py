"""The logarithm of the expected improvement over the best value.

J. Mockus, "On Bayesian methods for seeking the extremum", 1974.
"""

import math

import numpy as np

from caviar.sampler.values import Floats

MAX_DEVIATIONS_ABOVE = 1e6  # of the mean over the best value; more are counted as these


def log_expected_improvement(
    mean: Floats, variance: Floats, *, best: float, kappa: float
) -> Floats:
    """The `log_improvement` of values, with standard deviations scaled by `kappa`.

    `mean` and `variance` have the shape (m,), as the result.
    """
    return log_improvement(mean, kappa * np.sqrt(variance), best)


def log_improvement(mean: Floats, deviation: Floats, best: float) -> Floats:
    """Log E[max(best - value, 0)] of normal values with this mean and standard deviation.

    Far above the best value, where the expectation underflows, the scaled complementary error
    function keeps the logarithm accurate. The result increases with the deviation.
    """
    from scipy.special import erfcx, ndtr

    z = (best - mean) / deviation
    below = np.clip(z, -MAX_DEVIATIONS_ABOVE, 0.0)
    mills = math.sqrt(0.5 * math.pi) * erfcx(-math.sqrt(0.5) * below)
    logs: Floats = np.log1p(below * mills) - 0.5 * below * below - 0.5 * math.log(2.0 * math.pi)
    positive = z > 0.0
    if positive.any():  # rarely
        above = z[positive]
        density = np.exp(-0.5 * above * above) / math.sqrt(2.0 * math.pi)
        logs[positive] = np.log(density + above * ndtr(above))
    logs += np.log(deviation)
    return logs
