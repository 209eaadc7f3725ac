"""Activations g, forward and backward side by side.

Both work in place, on arrays of any shape. `forward(values)` turns Z into A = g(Z).
`backward(outputs, gradient)` turns dA into dZ = dA g'(Z), where `outputs` is A: every derivative
here is a function of A alone, so Z is not stored. It overwrites `outputs`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from caviar.engine.arrays import Array

LEAK = 0.01
"""The slope of leaky_relu below 0."""


@dataclass(frozen=True)
class Activation:
    """One activation; `kinked` if its derivative jumps at 0, `keeps_ones` if g(1) = 1."""

    forward: Callable[[Array], None]
    backward: Callable[[Array, Array], None]
    kinked: bool = False
    keeps_ones: bool = False


def relu_forward(values: Array) -> None:
    """max(z, 0)."""
    np.maximum(values, _row(values, 0), out=values)


def relu_backward(outputs: Array, gradient: Array) -> None:
    """Multiply by 1 where a > 0, else by 0."""
    np.copyto(outputs, outputs > 0)  # faster than multiplying by booleans
    gradient *= outputs


def leaky_relu_forward(values: Array) -> None:
    """max(z, 0.01 z)."""
    np.maximum(values, LEAK * values, out=values)


def leaky_relu_backward(outputs: Array, gradient: Array) -> None:
    """Multiply by 1 where a > 0, else by 0.01."""
    np.copyto(outputs, outputs > 0)
    np.maximum(outputs, _row(outputs, LEAK), out=outputs)
    gradient *= outputs


def tanh_forward(values: Array) -> None:
    """tanh(z)."""
    np.tanh(values, out=values)


def tanh_backward(outputs: Array, gradient: Array) -> None:
    """Multiply by 1 - a^2."""
    outputs *= outputs
    np.subtract(1, outputs, out=outputs)
    gradient *= outputs


def sigmoid_forward(values: Array) -> None:
    """1 / (1 + exp(-z)). Where exp overflows to infinity the quotient is 0, as it should be."""
    with np.errstate(over="ignore"):
        np.negative(values, out=values)
        np.exp(values, out=values)
    values += 1
    np.reciprocal(values, out=values)


def sigmoid_backward(outputs: Array, gradient: Array) -> None:
    """Multiply by a (1 - a)."""
    gradient *= outputs
    np.subtract(1, outputs, out=outputs)
    gradient *= outputs


def _row(values: Array, value: float) -> Array:
    # NumPy's maximum is several times faster with an array than with a scalar.
    return np.full(values.shape[-1], value, values.dtype)


ACTIVATIONS: dict[str, Activation] = {
    "relu": Activation(relu_forward, relu_backward, kinked=True, keeps_ones=True),
    "leaky_relu": Activation(leaky_relu_forward, leaky_relu_backward, kinked=True, keeps_ones=True),
    "tanh": Activation(tanh_forward, tanh_backward),
    "sigmoid": Activation(sigmoid_forward, sigmoid_backward),
}
"""The activations by name."""
