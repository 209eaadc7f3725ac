import numpy as np
import pytest

from engine.losses import LOSSES, Loss, backward

CASES = [("softmax_cross_entropy", 4), ("softmax_cross_entropy", 2), ("binary_cross_entropy", 1)]


def evaluate(loss: Loss, logits: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    predictions, losses = np.empty_like(logits), np.empty_like(logits[:, 0])
    loss.forward(logits.copy(), labels, predictions, losses)
    return predictions, losses


@pytest.mark.parametrize(("name", "outputs"), CASES)
def test_gradient_is_the_slope_of_the_mean(name: str, outputs: int) -> None:
    generator = np.random.default_rng(0)
    loss, step = LOSSES[name], 1e-6
    logits = 2 * generator.standard_normal((3, outputs, 7))
    labels = generator.integers(0, max(outputs, 2), 7)
    gradient, _ = evaluate(loss, logits, labels)
    backward(gradient, loss.targets(labels, outputs))
    for index in np.ndindex(logits.shape):
        move = np.zeros_like(logits)
        move[index] = step
        change = evaluate(loss, logits + move, labels)[1] - evaluate(loss, logits - move, labels)[1]
        slope = change.mean(axis=1)[index[0]] / (2 * step)
        assert gradient[index] == pytest.approx(slope, abs=1e-9)


def test_softmax_of_two_classes_is_logistic_regression() -> None:
    generator = np.random.default_rng(0)
    logits = 3 * generator.standard_normal((2, 2, 9))
    labels = generator.integers(0, 2, 9)
    two, two_losses = evaluate(LOSSES["softmax_cross_entropy"], logits, labels)
    difference = logits[:, 1:] - logits[:, :1]
    one, one_losses = evaluate(LOSSES["binary_cross_entropy"], difference, labels)
    np.testing.assert_allclose(two_losses, one_losses)
    np.testing.assert_allclose(two[:, 1:], one)


@pytest.mark.parametrize(("name", "outputs"), CASES)
@pytest.mark.parametrize("size", [100.0, 1e4, 1e30])
def test_extreme_logits_give_finite_losses(name: str, outputs: int, size: float) -> None:
    logits = np.zeros((1, outputs, 2), np.float32)
    logits[:, -1] = size
    labels = np.array([0, max(outputs, 2) - 1])
    predictions, losses = evaluate(LOSSES[name], logits, labels)
    assert losses[0] == pytest.approx([size, 0.0])
    assert np.isfinite(predictions).all()
