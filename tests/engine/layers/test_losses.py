import numpy as np
import pytest

from caviar.engine.layers.losses import LOSSES, Loss

CASES = [
    ("softmax_cross_entropy", 4),
    ("softmax_cross_entropy", 2),
    ("binary_cross_entropy", 1),
    ("half_squared_error", 1),
]
CLASSIFICATION = CASES[:-1]


def evaluate(loss: Loss, logits: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    predictions, losses = np.empty_like(logits), np.empty_like(logits[0])
    loss.forward(logits.copy(), targets, predictions, losses)
    return predictions, losses


def as_targets(labels: np.ndarray, logits: np.ndarray) -> np.ndarray:
    classes = len(logits)
    if classes == 1:
        return labels[None].astype(logits.dtype)
    return np.eye(classes, dtype=logits.dtype)[labels].T


@pytest.mark.parametrize(("name", "outputs"), CASES)
def test_gradient_is_the_derivative(name: str, outputs: int) -> None:
    generator = np.random.default_rng(0)
    loss, step = LOSSES[name], 1e-6
    logits = 2 * generator.standard_normal((outputs, 7))
    targets = as_targets(generator.integers(0, max(outputs, 2), 7), logits)
    gradient, _ = evaluate(loss, logits, targets)
    loss.backward(gradient, targets)
    for index in np.ndindex(logits.shape):
        move = np.zeros_like(logits)
        move[index] = step
        change = (
            evaluate(loss, logits + move, targets)[1] - evaluate(loss, logits - move, targets)[1]
        )
        assert gradient[index] == pytest.approx(change.sum() / (2 * step), abs=1e-9)


@pytest.mark.parametrize("name", ["softmax_cross_entropy", "binary_cross_entropy"])
def test_columns_of_a_wider_array_give_the_same_bits(name: str) -> None:
    generator = np.random.default_rng(0)
    loss, outputs = LOSSES[name], 1 if name.startswith("binary") else 3
    wide = generator.standard_normal((outputs, 9))
    targets = as_targets(generator.integers(0, max(outputs, 2), 6), wide)
    whole, losses = evaluate(loss, np.ascontiguousarray(wide[:, :6]), targets)
    predictions, part = np.zeros((outputs, 9)), np.zeros(9)
    loss.forward(wide[:, :6], targets, predictions[:, :6], part[:6])
    np.testing.assert_array_equal(predictions[:, :6], whole)
    np.testing.assert_array_equal(part[:6], losses)
    loss.backward(whole, targets)
    loss.backward(predictions[:, :6], targets)
    np.testing.assert_array_equal(predictions[:, :6], whole)
    assert not predictions[:, 6:].any()


def test_softmax_of_two_classes_is_logistic_regression() -> None:
    generator = np.random.default_rng(0)
    logits = 3 * generator.standard_normal((2, 9))
    labels = generator.integers(0, 2, 9)
    two, two_losses = evaluate(LOSSES["softmax_cross_entropy"], logits, as_targets(labels, logits))
    difference = logits[1:] - logits[:1]
    one, one_losses = evaluate(
        LOSSES["binary_cross_entropy"], difference, as_targets(labels, difference)
    )
    np.testing.assert_allclose(two_losses, one_losses)
    np.testing.assert_allclose(two[1:], one)


@pytest.mark.parametrize(("name", "outputs"), CLASSIFICATION)
@pytest.mark.parametrize("size", [100.0, 1e4, 1e30])
def test_extreme_logits_give_finite_losses(name: str, outputs: int, size: float) -> None:
    loss = LOSSES[name]
    logits = np.zeros((outputs, 2), np.float32)
    logits[-1] = size
    targets = as_targets(np.array([0, max(outputs, 2) - 1]), logits)
    predictions, losses = evaluate(loss, logits, targets)
    assert losses == pytest.approx([size, 0.0])
    assert np.isfinite(predictions).all()


def test_half_squared_error() -> None:
    predictions, losses = evaluate(
        LOSSES["half_squared_error"], np.array([[1.0, 5.0]]), np.array([[3.0, 5.0]])
    )
    assert losses.tolist() == [2.0, 0.0]
    assert predictions.tolist() == [[1.0, 5.0]]
