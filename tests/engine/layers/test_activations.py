import numpy as np
import pytest

from caviar.engine.layers.activations import ACTIVATIONS, LEAK, Activation

VALUES = np.array([-30.0, -2.0, -0.5, -1e-3, 1e-3, 0.5, 2.0, 30.0])
FORMULAS = {
    "relu": lambda z: np.where(z > 0, z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, LEAK * z),
    "tanh": np.tanh,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
}


def apply(activation: Activation, values: np.ndarray) -> np.ndarray:
    outputs = values.copy()
    activation.forward(outputs)
    return outputs


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_forward_is_the_formula(name: str) -> None:
    np.testing.assert_allclose(apply(ACTIVATIONS[name], VALUES), FORMULAS[name](VALUES))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_backward_is_the_derivative(name: str) -> None:
    activation, step = ACTIVATIONS[name], 1e-6
    gradient = np.linspace(1, 2, len(VALUES))
    change = apply(activation, VALUES + step) - apply(activation, VALUES - step)
    expected = gradient * change / (2 * step)
    activation.backward(apply(activation, VALUES), gradient)
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_extreme_values_are_finite_and_nan_stays_nan(name: str) -> None:
    values = np.array([-1e38, 1e38, np.nan], np.float32)
    outputs = apply(ACTIVATIONS[name], values)
    assert np.isfinite(outputs[:2]).all()
    assert np.isnan(outputs[2])
