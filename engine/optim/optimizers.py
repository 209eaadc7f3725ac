"""Optimizers: one step in place, on a block of parameters in which each lane is a row.

`update(parameters, gradients, slots, columns, scratch)` moves the parameters (k, n) of k lanes by
their gradients (k, n). `slots` are the running averages that the optimizer keeps, (k, n) each,
unscaled (see averages). `columns` are its coefficients, one column (k, 1) each, as `coefficients`
computes them, because each lane has its own. `gradients` and `scratch` (k, n) are overwritten.

Notation, for one parameter:

    W, dW     parameter and gradient                 alpha   learning rate, decayed
    V, S      running averages of dW and of dW^2     beta    momentum, beta1 (of V)
    t         the step, counted from 1               d       rms_decay, beta2 (of S)
    Vhat      V / (1 - beta^t), bias-corrected       Shat    S / (1 - d^t), bias-corrected

Sources: momentum, Polyak (1964), in the averaged form; RMSprop, Tieleman and Hinton (2012); Adam,
Kingma and Ba (2015), algorithm 1.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, TypeAlias

import numpy as np

from caviar.engine.arrays import Array, Float64Array
from caviar.engine.optim.averages import bias_correction, update_unscaled

Columns: TypeAlias = tuple[Float64Array, ...]
"""The coefficients of an optimizer, (steps or 1, k) each."""


class Hyperparameters(Protocol):
    """The hyperparameters of one lane that optimizers read. A Recipe has them all."""

    @property
    def momentum(self) -> float:
        """The factor beta of momentum."""

    @property
    def rms_decay(self) -> float:
        """The factor d of RMSprop."""

    @property
    def beta1(self) -> float:
        """The factor of Adam's average of gradients."""

    @property
    def beta2(self) -> float:
        """The factor of Adam's average of squared gradients."""

    @property
    def epsilon(self) -> float:
        """What RMSprop and Adam add to the root of the average of squares."""


@dataclass(frozen=True)
class Optimizer:
    """One optimizer, and the running averages that it keeps.

    `coefficients(recipes, learning_rates, first_steps, steps)` returns arrays (steps or 1, k): the
    coefficients of the next `steps` steps of k lanes with learning_rates (k,), whose first steps
    have the numbers first_steps (k,), counted from 1.
    """

    slots: Mapping[str, Callable[[Hyperparameters], float]]
    """The averages by name, each with the factor 1 - beta that the unscaled average lacks."""
    coefficients: Callable[[Sequence[Hyperparameters], Float64Array, Sequence[int], int], Columns]
    update: Callable[[Array, Array, tuple[Array, ...], tuple[Array, ...], Array], None]


def gd_coefficients(
    recipes: Sequence[Hyperparameters],
    learning_rates: Float64Array,
    first_steps: Sequence[int],
    steps: int,
) -> Columns:
    """The coefficients (alpha)."""
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
    recipes: Sequence[Hyperparameters],
    learning_rates: Float64Array,
    first_steps: Sequence[int],
    steps: int,
) -> Columns:
    """The coefficients (alpha (1 - beta), beta)."""
    beta = np.array([[recipe.momentum for recipe in recipes]])
    return learning_rates * (1.0 - beta), beta


def momentum(
    parameters: Array,
    gradients: Array,
    slots: tuple[Array, ...],
    columns: tuple[Array, ...],
    scratch: Array,
) -> None:
    """V = beta V + (1 - beta) dW; W -= alpha V. No bias correction."""
    (velocity,) = slots
    rate, beta = columns
    update_unscaled(velocity, gradients, beta)
    np.multiply(velocity, rate, out=scratch)
    parameters -= scratch


def rmsprop_coefficients(
    recipes: Sequence[Hyperparameters],
    learning_rates: Float64Array,
    first_steps: Sequence[int],
    steps: int,
) -> Columns:
    """The coefficients (alpha / r, d, epsilon / r) with r = sqrt(1 - d)."""
    decay = np.array([[recipe.rms_decay for recipe in recipes]])
    epsilon = np.array([[recipe.epsilon for recipe in recipes]])
    root = np.sqrt(1.0 - decay)
    return learning_rates / root, decay, epsilon / root


def rmsprop(
    parameters: Array,
    gradients: Array,
    slots: tuple[Array, ...],
    columns: tuple[Array, ...],
    scratch: Array,
) -> None:
    """S = d S + (1 - d) dW^2; W -= alpha dW / (sqrt(S) + epsilon)."""
    (square,) = slots
    rate, decay, epsilon = columns
    np.multiply(gradients, gradients, out=scratch)
    update_unscaled(square, scratch, decay)
    np.sqrt(square, out=scratch)
    scratch += epsilon
    gradients /= scratch
    gradients *= rate
    parameters -= gradients


def adam_coefficients(
    recipes: Sequence[Hyperparameters],
    learning_rates: Float64Array,
    first_steps: Sequence[int],
    steps: int,
) -> Columns:
    """The coefficients (alpha r / q, beta1, beta2, epsilon r), which contain the bias corrections.

    The unscaled averages U = V / (1 - beta1) and R = S / (1 - beta2) give Vhat = U / q and
    sqrt(Shat) = sqrt(R) / r, with q = (1 - beta1^t) / (1 - beta1) and
    r = sqrt((1 - beta2^t) / (1 - beta2)).
    """
    beta1 = np.array([[recipe.beta1 for recipe in recipes]])
    beta2 = np.array([[recipe.beta2 for recipe in recipes]])
    epsilon = np.array([[recipe.epsilon for recipe in recipes]])
    lanes = list(zip(recipes, first_steps, strict=True))
    first = np.stack([_corrections(lane.beta1, step, steps) for lane, step in lanes], axis=1)
    second = np.stack([_corrections(lane.beta2, step, steps) for lane, step in lanes], axis=1)
    root = np.sqrt(second / (1.0 - beta2))
    return learning_rates * root * (1.0 - beta1) / first, beta1, beta2, epsilon * root


@lru_cache(maxsize=1024)
def _corrections(beta: float, first_step: int, steps: int) -> Float64Array:
    # Per lane in plain Python: vectorized powers could depend on a lane's position in the vector.
    return np.array([bias_correction(beta, first_step + step) for step in range(steps)])


def adam(
    parameters: Array,
    gradients: Array,
    slots: tuple[Array, ...],
    columns: tuple[Array, ...],
    scratch: Array,
) -> None:
    """V = beta1 V + (1 - beta1) dW; S = beta2 S + (1 - beta2) dW^2;
    W -= alpha Vhat / (sqrt(Shat) + epsilon).
    """
    velocity, square = slots
    rate, beta1, beta2, epsilon = columns
    update_unscaled(velocity, gradients, beta1)
    gradients *= gradients
    update_unscaled(square, gradients, beta2)
    np.sqrt(square, out=scratch)
    scratch += epsilon
    np.divide(velocity, scratch, out=scratch)
    scratch *= rate
    parameters -= scratch


_MOMENTUM: Mapping[str, Callable[[Hyperparameters], float]] = {
    "velocity": lambda recipe: 1.0 - recipe.momentum
}
_RMSPROP: Mapping[str, Callable[[Hyperparameters], float]] = {
    "square": lambda recipe: 1.0 - recipe.rms_decay
}
_ADAM: Mapping[str, Callable[[Hyperparameters], float]] = {
    "velocity": lambda recipe: 1.0 - recipe.beta1,
    "square": lambda recipe: 1.0 - recipe.beta2,
}

OPTIMIZERS: dict[str, Optimizer] = {
    "gd": Optimizer({}, gd_coefficients, gd),
    "momentum": Optimizer(_MOMENTUM, momentum_coefficients, momentum),
    "rmsprop": Optimizer(_RMSPROP, rmsprop_coefficients, rmsprop),
    "adam": Optimizer(_ADAM, adam_coefficients, adam),
}
"""The optimizers by name."""
