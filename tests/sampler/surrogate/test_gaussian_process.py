import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import squareform

from caviar.sampler.surrogate.gaussian_process import (
    MAX_BLOCK_ROWS,
    Metric,
    fit_process,
    log_posterior,
    matern,
)

METRIC = Metric(owner=(0, 1, 2, 2), count=3)


def data(count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(1)
    points = rng.random((count, 4))
    values = np.sin(5 * points[:, 0]) + points[:, 1] ** 2 + 0.05 * rng.normal(size=count)
    return points, (values - values.mean()) / values.std()


def test_known_values_of_the_kernel() -> None:
    # (1 + sqrt(5) r + 5 r^2 / 3) exp(-sqrt(5) r) at 0, 1 and 2
    expected = [1.0, 0.5239941088318203, 0.1386692003520764]
    assert matern(np.array([0.0, 1.0, 2.0])) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("count", [MAX_BLOCK_ROWS - 20, 2 * MAX_BLOCK_ROWS + 1])
def test_gradient_meets_finite_differences(count: int) -> None:
    points, values = data(count)
    squares = METRIC.squares(points)
    rng = np.random.default_rng(2)
    centre, spread = np.zeros(6), np.ones(6)
    theta = 0.5 * rng.normal(size=6) - np.array([0, 0, 0, 0, 1, 3])
    _, gradient = log_posterior(theta, squares, values, centre, spread)
    for place, step in enumerate(1e-6 * np.eye(6)):
        above, _ = log_posterior(theta + step, squares, values, centre, spread)
        below, _ = log_posterior(theta - step, squares, values, centre, spread)
        assert gradient[place] == pytest.approx((above - below) / 2e-6, rel=1e-5, abs=1e-6)


def test_distances_agree_with_squares() -> None:
    points, _ = data(20)
    lengthscales = np.array([0.5, 1.0, 2.0])
    squares = squareform(lengthscales**-2 @ METRIC.squares(points))
    assert METRIC.distances(points, points[:5], lengthscales) == pytest.approx(
        np.sqrt(squares[:, :5]), abs=1e-7
    )


def test_fit_finds_relevant_parameters_and_predicts() -> None:
    points, values = data(80)
    process = fit_process(METRIC, points, values)
    assert process.lengthscales[0] < process.lengthscales[1] < process.lengthscales[2]
    fresh = np.random.default_rng(3).random((200, 4))
    truth = np.sin(5 * fresh[:, 0]) + fresh[:, 1] ** 2
    assert np.corrcoef(process.mean_at(fresh), truth)[0, 1] > 0.99
    again = fit_process(METRIC, points, values)
    assert (again.lengthscales == process.lengthscales).all()
