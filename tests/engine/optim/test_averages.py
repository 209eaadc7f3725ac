import numpy as np
import pytest

from caviar.engine.optim.averages import bias_correction, smooth, update_average, update_unscaled


def test_updates_follow_the_definition_in_every_lane() -> None:
    beta = np.array([[0.9], [0.5]])
    average, unscaled = np.zeros((2, 3)), np.zeros((2, 3))
    values = np.random.default_rng(0).standard_normal((4, 2, 3))
    for value in values:
        update_average(average, value, beta, 1 - beta)
        update_unscaled(unscaled, value, beta)
    np.testing.assert_allclose(average, (1 - beta) * unscaled)
    for lane, rate in enumerate((0.9, 0.5)):
        weights = (1 - rate) * rate ** np.arange(4)[::-1]
        np.testing.assert_allclose(average[lane], np.tensordot(weights, values[:, lane], 1))


def test_the_corrected_average_of_a_constant_is_the_constant() -> None:
    assert smooth([3.0] * 5, 0.9) == pytest.approx([3.0] * 5)
    assert bias_correction(0.9, 1) == pytest.approx(0.1)
    assert smooth([], 0.9) == []
