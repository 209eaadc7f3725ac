"""The Hessian of the likelihood, and draws from the hyperposterior."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import cho_solve

from caviar.sampler.surrogate.gaussian_process import (
    GaussianProcess,
    Metric,
    condition,
    fit_process,
    log_posterior,
    priors,
)
from caviar.sampler.surrogate.hyperposterior import draw_processes, log_likelihood_hessian
from caviar.sampler.surrogate.selection import normal_draws

METRIC = Metric(owner=(0, 1, 2, 2), count=3)


def process(count: int) -> GaussianProcess:
    rng = np.random.default_rng(4)
    points = rng.random((count, 4))
    values = np.sin(5 * points[:, 0]) + points[:, 1] ** 2 + 0.1 * rng.normal(size=count)
    return fit_process(METRIC, points, (values - values.mean()) / values.std())


def test_hessian_meets_finite_differences() -> None:
    rng = np.random.default_rng(4)
    points, values = rng.random((30, 4)), rng.normal(size=30)
    lengthscales = np.array([0.3, 0.6, 1.5])
    conditioned = condition(
        METRIC, points, values, lengthscales=lengthscales, signal=1.0, rough=0.2, noise=0.05
    )
    squares = METRIC.squares(points)
    # The gradient centres values on their mean, the process on the least-squares estimate.
    alpha = cho_solve((conditioned.factor, True), values - values.mean())

    def gradient(theta: np.ndarray) -> np.ndarray:
        return log_posterior(theta, squares, values, np.zeros(6), np.full(6, np.inf))[1]

    expected = np.array(
        [
            (gradient(conditioned.theta + step) - gradient(conditioned.theta - step)) / 2e-5
            for step in 1e-5 * np.eye(6)
        ]
    )
    assert log_likelihood_hessian(replace(conditioned, alpha=alpha)) == pytest.approx(
        expected, rel=1e-4, abs=1e-4
    )


def test_more_values_narrow_the_hyperposterior() -> None:
    draws = normal_draws("/test", seed=1, numbers=range(200), count=6)
    few, many = (
        np.array([drawn.theta for drawn in draw_processes(process(count), draws)])
        for count in (15, 150)
    )
    _, spread = priors(3)
    assert (many.std(axis=0) < few.std(axis=0)).all()
    assert (few.std(axis=0) < 1.2 * spread).all()
    assert many[:, 0].std() < 0.3 < few[:, 0].std()


def test_draws_are_centred_on_the_fit_and_explain_the_values() -> None:
    fitted = process(60)
    [same] = draw_processes(fitted, np.zeros((1, 6)))
    assert same.theta == pytest.approx(fitted.theta)
    assert same.mean_at(fitted.points) == pytest.approx(fitted.mean_at(fitted.points))
    for drawn in draw_processes(fitted, normal_draws("/test", seed=2, numbers=range(20), count=6)):
        assert np.corrcoef(drawn.mean_at(fitted.points), fitted.values)[0, 1] > 0.9


def test_draws_are_bounded_like_a_fit() -> None:
    centre, spread = priors(3)
    for sign in (-1.0, 1.0):
        [drawn] = draw_processes(process(15), np.full((1, 6), sign * 1e6))
        assert (abs(drawn.theta - centre) <= 4.0 * spread + 1e-9).all()
        assert np.isfinite(drawn.mean_at(drawn.points)).all()
