import numpy as np
import pytest

from caviar.engine.layers.batch_norm import (
    EPSILON,
    batch_norm_backward,
    batch_norm_evaluate,
    batch_norm_forward,
    moments,
)
from caviar.engine.training import Training
from tests.engine.cases import lane, make_clouds

SHAPE = (2, 3, 7)


def draw() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    values, gradient = generator.standard_normal((2, *SHAPE))
    gamma, beta = generator.standard_normal((2, *SHAPE[:2], 1))
    return 3 + 2 * values, gradient, gamma, beta


def backward(
    values: np.ndarray, gradient: np.ndarray, gamma: np.ndarray, beta: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    normalized, gamma_gradients, beta_gradients = (
        np.empty(values.shape),
        *np.empty((2, *values.shape[:2])),
    )
    *_, inverse = batch_norm_forward(values.copy(), gamma, beta, normalized)
    slope = gradient.copy()
    batch_norm_backward(slope, normalized, inverse, gamma, gamma_gradients, beta_gradients)
    return slope, gamma_gradients, beta_gradients


def chain(values: np.ndarray, gradient: np.ndarray, gamma: np.ndarray) -> np.ndarray:
    """DZ step by step: through xhat, then the variance, then the mean."""
    m = values.shape[-1]
    centred = values - values.mean(axis=-1, keepdims=True)
    variance = values.var(axis=-1, keepdims=True) + EPSILON
    dxhat = gradient * gamma
    dvariance = (dxhat * centred).sum(axis=-1, keepdims=True) * -0.5 * variance**-1.5
    dmean = (
        -(dxhat / np.sqrt(variance)).sum(axis=-1, keepdims=True)
        - dvariance * 2 * centred.sum(axis=-1, keepdims=True) / m
    )
    return dxhat / np.sqrt(variance) + dvariance * 2 * centred / m + dmean / m


def test_forward_is_the_formula() -> None:
    values, _, gamma, beta = draw()
    outputs, normalized = values.copy(), np.empty(SHAPE)
    mean, variance, _ = batch_norm_forward(outputs, gamma, beta, normalized)
    expected = (values - values.mean(axis=-1, keepdims=True)) / np.sqrt(
        values.var(axis=-1, keepdims=True) + EPSILON
    )
    np.testing.assert_allclose(normalized, expected)
    np.testing.assert_allclose(outputs, gamma * expected + beta)
    np.testing.assert_allclose(mean[..., 0], values.mean(axis=-1))
    np.testing.assert_allclose(variance[..., 0], values.var(axis=-1))


def test_backward_is_the_step_by_step_chain() -> None:
    values, gradient, gamma, beta = draw()
    slope, gamma_gradients, beta_gradients = backward(values, gradient, gamma, beta)
    normalized = np.empty(SHAPE)
    batch_norm_forward(values.copy(), gamma, beta, normalized)
    np.testing.assert_allclose(slope, chain(values, gradient, gamma), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(gamma_gradients, (gradient * normalized).sum(axis=-1))
    np.testing.assert_allclose(beta_gradients, gradient.sum(axis=-1))


def test_backward_is_the_derivative() -> None:
    values, gradient, gamma, beta = draw()
    slope, _, _ = backward(values, gradient, gamma, beta)

    def value(moved: np.ndarray) -> float:
        outputs = moved.copy()
        batch_norm_forward(outputs, gamma, beta, np.empty(SHAPE))
        return float((gradient * outputs).sum())

    step = 1e-6
    for index in np.ndindex(SHAPE):
        move = np.zeros(SHAPE)
        move[index] = step
        expected = (value(values + move) - value(values - move)) / (2 * step)
        assert slope[index] == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("values", [np.full((1, 1, 1), 5.0), np.full((1, 1, 4), 5.0)])
def test_one_example_or_a_constant_feature_gives_beta(values: np.ndarray) -> None:
    gamma, beta = np.full((1, 1, 1), 2.0), np.full((1, 1, 1), 0.5)
    outputs = values.copy()
    batch_norm_forward(outputs, gamma, beta, np.empty(values.shape))
    assert np.all(outputs == 0.5)
    slope, gammas, _ = backward(values, np.ones(values.shape), gamma, beta)
    np.testing.assert_allclose(slope, 0, atol=1e-9)
    assert np.all(gammas == 0)


def test_running_averages_are_unbiased_and_start_at_0_and_1() -> None:
    mean, variance = moments(np.array([[0.1, 0.2, 0.3], [0.0, 0.0, 0.0]]), 1, 1)
    np.testing.assert_allclose(mean[:, 0, 0], [2.0, 0.0])
    np.testing.assert_allclose(variance[:, 0, 0], [3.0, 1.0])


def test_evaluation_uses_the_running_statistics() -> None:
    values, _, gamma, beta = draw()
    mean, variance = np.full((2, 3, 1), 3.0), np.full((2, 3, 1), 4.0)
    outputs = values.copy()
    batch_norm_evaluate(outputs, gamma, beta, mean, variance)
    np.testing.assert_allclose(outputs, gamma * (values - 3) / np.sqrt(4 + EPSILON) + beta)


def test_training_estimates_the_statistics_of_the_layer() -> None:
    dataset = make_clouds(features=4, classes=3, examples=200)
    trial = lane(0, batch_norm=True, hidden_units=5, batch_size=120, learning_rate=1e-30)
    training = Training(dataset, [trial], seed=0)
    list(training.run(3))
    state, block = training.checkpoint(0), trial.recipe.shape(dataset).blocks[0]
    values = dataset.training.features @ block.weights(state.parameters).T
    mean, variance = moments(state.statistics[None], 1, 5)
    np.testing.assert_allclose(mean[0, :, 0], values.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(variance[0, :, 0], values.var(axis=0), rtol=1e-4)


def test_training_with_dropout_and_a_last_batch_of_one() -> None:
    dataset = make_clouds(features=4, classes=3, examples=202)
    assert len(dataset.training) % 11 == 0
    trial = lane(0, batch_norm=True, keep_prob=0.8, hidden_units=20, batch_size=10)
    *_, last = Training(dataset, [trial], seed=0).run(20)
    first = next(Training(dataset, [trial], seed=0).run(1))
    assert last.metrics[0]["training_loss"] < 0.8 * first.metrics[0]["training_loss"]
