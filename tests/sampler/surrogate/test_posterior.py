import numpy as np
import pytest

from caviar.sampler.surrogate.gaussian_process import GaussianProcess, Metric, condition
from caviar.sampler.surrogate.posterior import Posterior

METRIC = Metric(owner=(0, 1), count=2)
RNG = np.random.default_rng(1)
POINTS = RNG.random((20, 2))
VALUES = np.sin(3 * POINTS[:, 0]) + POINTS[:, 1] ** 2
OTHERS = RNG.random((12, 2))


def process(points: np.ndarray, values: np.ndarray, noise: float) -> GaussianProcess:
    return condition(
        METRIC, points, values, lengthscales=np.full(2, 0.5), signal=0.8, rough=0.2, noise=noise
    )


def test_without_noise_the_mean_interpolates_the_values() -> None:
    known = process(POINTS, VALUES, 1e-8)
    posterior = Posterior(known, POINTS)
    assert posterior.mean == pytest.approx(VALUES, abs=1e-4)
    assert known.mean_at(POINTS) == pytest.approx(posterior.mean)
    assert posterior.variance == pytest.approx(np.zeros(20), abs=1e-5)


def test_far_from_all_values_the_posterior_is_the_prior() -> None:
    known = process(POINTS, VALUES, 0.01)
    far = Posterior(known, POINTS + 100.0)
    assert far.mean == pytest.approx(np.full(20, known.mean), abs=1e-6)
    assert far.variance == pytest.approx(np.ones(20), abs=1e-5)


def test_variances_are_the_diagonal_of_the_covariance() -> None:
    posterior = Posterior(process(POINTS, VALUES, 0.01), OTHERS)
    rows = np.array([7, 2, 3])
    assert np.diag(posterior.covariance(rows)) == pytest.approx(posterior.variance[rows])
    whole = posterior.covariance(np.arange(12))
    assert posterior.covariance(rows) == pytest.approx(whole[np.ix_(rows, rows)])
    assert np.linalg.eigvalsh(whole).min() > 0


def test_conditioning_on_the_mean_agrees_with_observing_it() -> None:
    known = process(POINTS, VALUES, 0.01)
    posterior = Posterior(known, OTHERS, capacity=3)
    mean = posterior.mean.copy()
    for rows in ([4], [], [9, 5]):
        posterior.condition_on_mean(rows)
    # Conditions on means have no noise. The noise is not uniform, so the formula is written out.
    kernel = known.kernel(np.concatenate([POINTS, OTHERS]), np.concatenate([POINTS, OTHERS]))
    known_rows = [*range(20), 24, 29, 25]
    noise = np.diag([0.01] * 20 + [0.0] * 3)
    across = kernel[np.ix_(known_rows, range(20, 32))]
    gain = np.linalg.solve(kernel[np.ix_(known_rows, known_rows)] + noise, across)
    left = np.diag(kernel)[20:] - np.einsum("ij,ij->j", across, gain)
    assert posterior.variance == pytest.approx(left, abs=1e-5)
    covariance = posterior.covariance(np.arange(12), conditioned=True)
    assert np.diag(covariance) == pytest.approx(posterior.variance, abs=1e-5)
    assert np.array_equal(posterior.mean, mean)
