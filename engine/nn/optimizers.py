"""Single steps of the optimizers, on parameters of any shape.

A step takes the parameters W and their gradient dW, and returns the new W; those that keep running
averages also take their state and return the next one. Nothing that is passed in is changed.

Notation: alpha is the learning rate; V and S are the averages of dW and dW^2; t counts the steps.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from caviar.engine.arrays import Array
from caviar.engine.nn.arrays import floats, same_shape
from caviar.engine.optim.optimizers import OPTIMIZERS
from caviar.engine.recipe import Recipe


@dataclass(frozen=True, eq=False)
class OptimizerState:
    """The steps so far, t, and the running averages by name: `velocity` is V, `square` is S.

    An average is None before the first step, or if the optimizer does not keep it.
    """

    steps: int = 0
    velocity: Array | None = None
    square: Array | None = None
    unscaled: Mapping[str, Array] = field(default_factory=dict, repr=False)
    """The averages as the engine keeps them, without the factor 1 - beta."""


def gd_step(parameters: ArrayLike, gradient: ArrayLike, *, learning_rate: float = 0.01) -> Array:
    """W - alpha dW: gradient descent.

    >>> gd_step([1.0, 2.0], [10.0, -10.0], learning_rate=0.1)
    array([0., 3.])
    """
    return _step(Recipe(optimizer="gd", learning_rate=learning_rate), parameters, gradient, None)[0]


def momentum_step(
    parameters: ArrayLike,
    gradient: ArrayLike,
    state: OptimizerState | None = None,
    *,
    learning_rate: float = 0.01,
    momentum: float = 0.9,
) -> tuple[Array, OptimizerState]:
    """V = beta V + (1 - beta) dW, W - alpha V (Polyak, 1964, in the averaged form).

    Many libraries leave out the factor 1 - beta; their learning rate is alpha (1 - beta).

    >>> w, state = momentum_step([1.0], [10.0], learning_rate=0.1, momentum=0.9)
    >>> w, state.velocity
    (array([0.9]), array([1.]))
    """
    recipe = Recipe(optimizer="momentum", learning_rate=learning_rate, momentum=momentum)
    return _step(recipe, parameters, gradient, state)


def rmsprop_step(
    parameters: ArrayLike,
    gradient: ArrayLike,
    state: OptimizerState | None = None,
    *,
    learning_rate: float = 0.01,
    rms_decay: float = 0.9,
    epsilon: float = 1e-8,
) -> tuple[Array, OptimizerState]:
    """S = d S + (1 - d) dW^2, W - alpha dW / (sqrt(S) + epsilon) (Tieleman and Hinton, 2012).

    >>> w, state = rmsprop_step([1.0], [10.0], learning_rate=0.1, rms_decay=0.75)
    >>> w.round(6), state.square
    (array([0.8]), array([25.]))
    """
    recipe = Recipe(
        optimizer="rmsprop", learning_rate=learning_rate, rms_decay=rms_decay, epsilon=epsilon
    )
    return _step(recipe, parameters, gradient, state)


def adam_step(
    parameters: ArrayLike,
    gradient: ArrayLike,
    state: OptimizerState | None = None,
    *,
    learning_rate: float = 0.01,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> tuple[Array, OptimizerState]:
    """V = beta1 V + (1 - beta1) dW, S = beta2 S + (1 - beta2) dW^2,
    W - alpha Vhat / (sqrt(Shat) + epsilon), with the bias-corrected Vhat = V / (1 - beta1^t) and
    Shat = S / (1 - beta2^t) (Kingma and Ba, 2015, algorithm 1).

    >>> w, state = adam_step([1.0], [10.0], learning_rate=0.1)
    >>> w.round(6), state.steps
    (array([0.9]), 1)
    """
    recipe = Recipe(
        optimizer="adam", learning_rate=learning_rate, beta1=beta1, beta2=beta2, epsilon=epsilon
    )
    return _step(recipe, parameters, gradient, state)


def _step(
    recipe: Recipe, parameters: ArrayLike, gradient: ArrayLike, state: OptimizerState | None
) -> tuple[Array, OptimizerState]:
    """One step of the recipe's optimizer on one lane: the engine's own, with its coefficients."""
    optimizer, state = OPTIMIZERS[recipe.optimizer], state or OptimizerState()
    values, slope = floats(parameters, "parameters"), floats(gradient, "gradient")
    same_shape(values, slope, "parameters and gradient")
    row = values.reshape(1, -1)
    slots = {name: _slot(state, name, row) for name in optimizer.slots}
    columns = optimizer.coefficients(
        [recipe], np.array([recipe.learning_rate]), [state.steps + 1], 1
    )
    optimizer.update(
        row,
        slope.astype(row.dtype).reshape(1, -1),
        tuple(slots.values()),
        tuple(column[0][:, None].astype(row.dtype) for column in columns),
        np.empty_like(row),
    )
    averages = {
        name: (slot * row.dtype.type(optimizer.slots[name](recipe))).reshape(values.shape)
        for name, slot in slots.items()
    }
    return row.reshape(values.shape), OptimizerState(state.steps + 1, unscaled=slots, **averages)


def _slot(state: OptimizerState, name: str, row: Array) -> Array:
    """A copy of an average (1, P): 0 before the first step."""
    if state.steps == 0:
        return np.zeros_like(row)
    slot = state.unscaled.get(name)
    if slot is None or slot.shape != row.shape:
        raise ValueError("state is that of another optimizer, or of parameters of another shape")
    return slot.astype(row.dtype)
