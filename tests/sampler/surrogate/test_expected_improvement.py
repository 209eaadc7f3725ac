import math

import numpy as np
import pytest
from scipy import stats

from caviar.sampler.surrogate.expected_improvement import log_improvement


def test_log_improvement_matches_the_integral_and_is_finite_far_away() -> None:
    mean, deviation = np.array([0.3, -2.0, 1.0, 5.0]), np.array([0.5, 1.0, 2.0, 1.0])
    values = np.linspace(-12.0, 0.2, 200_001)
    for m, d, log in zip(mean, deviation, log_improvement(mean, deviation, 0.2), strict=True):
        below = np.trapezoid((0.2 - values) * stats.norm.pdf(values, m, d), values)
        assert math.exp(log) == pytest.approx(below, rel=1e-6)
    far = log_improvement(np.array([10.0, 50.0, 1e3, 1e5, 1e12]), np.ones(5), 0.0)
    assert np.isfinite(far).all()
    assert (np.diff(far[:4]) < 0.0).all()
    assert far[2] == pytest.approx(-0.5e6 - 2 * math.log(1e3) - 0.5 * math.log(2 * math.pi))


def test_improvement_increases_with_the_deviation() -> None:
    mean = np.array([-3.0, 0.0, 0.2, 1.0, 40.0])
    of_deviations = [log_improvement(mean, np.full(5, d), 0.2) for d in (0.01, 0.1, 0.5, 2.0, 9.0)]
    assert (np.diff(of_deviations, axis=0)[:, 1:] > 0.0).all()
    assert (np.diff(of_deviations, axis=0)[:, 0] >= 0.0).all()  # better by 3.2 almost surely
