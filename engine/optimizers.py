"""Optimizers: one step in place, on any block of parameters whose lanes are rows.

`update(parameters, gradients, slots, columns, scratch)` moves parameters (k, n) by gradients
(k, n). `slots` are the running averages the optimizer keeps, (k, n) each. `columns` are its
coefficients, one column (k, 1) each, as `coefficients` gives them: every lane has its own.
`gradients` and `scratch` (k, n) are used up.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.arrays import Array
from engine.averages import bias_correction, update_average

if TYPE_CHECKING:
    from engine.recipe import Recipe

Columns = tuple[NDArray[np.float64], ...]


@dataclass(frozen=True)
class Optimizer:
    """One optimizer, and the names of the averages that it keeps.

    `coefficients(recipes, learning_rates, first_steps, steps)` gives arrays (steps or 1, k): for k
    lanes with learning_rates (k,), the coefficients of their next steps, the first of which is
    first_steps (k,), counted from 1.
    """

    slots: tuple[str, ...]
    coefficients: Callable[[Sequence["Recipe"], NDArray[np.float64], Sequence[int], int], Columns]
    update: Callable[[Array, Array, tuple[Array, ...], tuple[Array, ...], Array], None]


def gd_coefficients(
    recipes: Sequence["Recipe"],
    learning_rates: NDArray[np.float64],
    first_steps: Sequence[int],
    steps: int,
) -> Columns:
    """(alpha)."""
    return (learning_rates[None],)


def gd(
    parameters: Array,
    gradients: Array,
    slots: tuple[Array, ...],
    columns: tuple[Array, ...],
    scratch: Array,
) -> None:
    """W -= alpha dW."""
    (rate,) = columns
    gradients *= rate
    parameters -= gradients


def momentum_coefficients(
    recipes: Sequence["Recipe"],
    learning_rates: NDArray[np.float64],
    first_steps: Sequence[int],
    steps: int,
) -> Columns:
    """(alpha, beta, 1 - beta)."""
    beta = np.array([[recipe.momentum for recipe in recipes]])
    return learning_rates[None], beta, 1.0 - beta


def momentum(
    parameters: Array,
    gradients: Array,
    slots: tuple[Array, ...],
    columns: tuple[Array, ...],
    scratch: Array,
) -> None:
    """V = beta V + (1 - beta) dW; W -= alpha V. No bias correction."""
    (velocity,) = slots
    rate, beta, complement = columns
    update_average(velocity, gradients, beta, complement, scratch)
    np.multiply(velocity, rate, out=scratch)
    parameters -= scratch


def rmsprop_coefficients(
    recipes: Sequence["Recipe"],
    learning_rates: NDArray[np.float64],
    first_steps: Sequence[int],
    steps: int,
) -> Columns:
    """(alpha, d, 1 - d, epsilon)."""
    decay = np.array([[recipe.rms_decay for recipe in recipes]])
    epsilon = np.array([[recipe.epsilon for recipe in recipes]])
    return learning_rates[None], decay, 1.0 - decay, epsilon


def rmsprop(
    parameters: Array,
    gradients: Array,
    slots: tuple[Array, ...],
    columns: tuple[Array, ...],
    scratch: Array,
) -> None:
    """S = d S + (1 - d) dW^2; W -= alpha dW / (sqrt(S) + epsilon)."""
    (square,) = slots
    rate, decay, complement, epsilon = columns
    np.multiply(gradients, gradients, out=scratch)
    update_average(square, scratch, decay, complement, scratch)
    np.sqrt(square, out=scratch)
    scratch += epsilon
    gradients /= scratch
    gradients *= rate
    parameters -= gradients


def adam_coefficients(
    recipes: Sequence["Recipe"],
    learning_rates: NDArray[np.float64],
    first_steps: Sequence[int],
    steps: int,
) -> Columns:
    """(alpha_t, beta1, 1 - beta1, beta2, 1 - beta2, epsilon_t), with the corrections folded in.

    With c1 = 1 - beta1^t and c2 = 1 - beta2^t, alpha (V / c1) / (sqrt(S / c2) + epsilon) is
    (alpha sqrt(c2) / c1) V / (sqrt(S) + epsilon sqrt(c2)).
    """
    beta1 = np.array([[recipe.beta1 for recipe in recipes]])
    beta2 = np.array([[recipe.beta2 for recipe in recipes]])
    epsilon = np.array([[recipe.epsilon for recipe in recipes]])
    lanes = list(zip(recipes, first_steps, strict=True))
    first = np.stack([_corrections(lane.beta1, step, steps) for lane, step in lanes], axis=1)
    second = np.stack([_corrections(lane.beta2, step, steps) for lane, step in lanes], axis=1)
    root = np.sqrt(second)
    return learning_rates * root / first, beta1, 1.0 - beta1, beta2, 1.0 - beta2, epsilon * root


@lru_cache(maxsize=1024)
def _corrections(beta: float, first_step: int, steps: int) -> NDArray[np.float64]:
    # Lane by lane in plain Python: the powers must not depend on a lane's place in a vector.
    return np.array([bias_correction(beta, first_step + step) for step in range(steps)])


def adam(
    parameters: Array,
    gradients: Array,
    slots: tuple[Array, ...],
    columns: tuple[Array, ...],
    scratch: Array,
) -> None:
    """V and S as in momentum and rmsprop; W -= alpha Vhat / (sqrt(Shat) + epsilon)."""
    velocity, square = slots
    rate, beta1, complement1, beta2, complement2, epsilon = columns
    update_average(velocity, gradients, beta1, complement1, scratch)
    np.multiply(gradients, gradients, out=scratch)
    update_average(square, scratch, beta2, complement2, scratch)
    np.sqrt(square, out=scratch)
    scratch += epsilon
    np.divide(velocity, scratch, out=scratch)
    scratch *= rate
    parameters -= scratch


OPTIMIZERS: dict[str, Optimizer] = {
    "gd": Optimizer((), gd_coefficients, gd),
    "momentum": Optimizer(("velocity",), momentum_coefficients, momentum),
    "rmsprop": Optimizer(("square",), rmsprop_coefficients, rmsprop),
    "adam": Optimizer(("velocity", "square"), adam_coefficients, adam),
}
