"""A lane: the row of one trial in a population, as a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from caviar.engine.arrays import Array
from caviar.engine.draws import weight_draws
from caviar.engine.layers.initializers import INITIALIZERS
from caviar.engine.optim.optimizers import OPTIMIZERS
from caviar.engine.recipe import Recipe
from caviar.engine.shapes import Shape


@dataclass(frozen=True, kw_only=True)
class Lane:
    """A trial to train: its number in the study, its recipe and the key of its draws."""

    number: int
    recipe: Recipe
    lineage: int | None = None
    """The number that keys the draws, if it is not the trial's own: a fork has its origin's."""

    @property
    def key(self) -> int:
        """The number that keys the draws of weights and dropout."""
        return self.number if self.lineage is None else self.lineage


@dataclass(frozen=True, kw_only=True, eq=False)
class LaneState:
    """Everything that a lane needs to continue from the end of an epoch, bit for bit.

    A trial's best value is not part of it. No other object shares the arrays.
    """

    epoch: int
    """Epochs finished."""
    steps: int
    """Steps of the optimizer so far; 0 again after a change of the optimizer."""
    parameters: Array
    """(P,): for each layer W (n_out, n_in) beside b (n_out, 1), row by row; with batch norm W, then
    gamma (n_out) and beta (n_out)."""
    slots: Mapping[str, Array]
    """The optimizer's running averages by name, (P,) each, unscaled."""
    statistics: Array = field(default_factory=lambda: np.zeros(0, np.float32))
    """(S,): with batch norm the weight of all averaged batches, then the running averages of mean
    and variance (n_out) of each hidden layer; otherwise empty."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Weights:
    """What a network predicts with, as it was after an epoch. No other object shares the arrays."""

    epoch: int
    parameters: Array
    """(P,): see LaneState."""
    statistics: Array
    """(S,): see LaneState."""


def initial_state(lane: Lane, shape: Shape, *, seed: int) -> LaneState:
    """The state before the first epoch.

    Weights are drawn by (seed, lane.key, layer), gamma is 1, and everything else is 0.
    """
    parameters = np.zeros(shape.parameters)
    initializer = INITIALIZERS[lane.recipe.initialization]
    for layer, block in enumerate(shape.blocks):
        draws = weight_draws(seed, lane.key, layer, inputs=block.inputs, outputs=block.outputs)
        draws *= initializer(block.inputs, lane.recipe.initialization_scale)
        block.weights(parameters)[...] = draws
        gamma, _ = block.norm(parameters)
        gamma[...] = 1.0
    with np.errstate(over="ignore"):  # an extreme scale becomes infinite, and the lane diverges
        state = LaneState(
            epoch=0,
            steps=0,
            parameters=parameters.astype(np.float32),
            slots={},
            statistics=np.zeros(shape.statistics, np.float32),
        )
    return with_reset_optimizer(state, lane.recipe)


def with_changed_recipe(state: LaneState, before: Recipe, after: Recipe) -> LaneState:
    """The state after a change of the recipe: a new optimizer is reset.

    With the same optimizer the scaled averages stay the same, so the stored unscaled averages are
    rescaled if their factors change.
    """
    if before.optimizer != after.optimizer:
        return with_reset_optimizer(state, after)
    slots = dict(state.slots)
    for name, factor in OPTIMIZERS[after.optimizer].slots.items():
        if factor(before) != factor(after):
            slots[name] = slots[name] * np.float32(factor(before) / factor(after))
    return replace(state, slots=slots)


def with_reset_optimizer(state: LaneState, recipe: Recipe) -> LaneState:
    """The state with the recipe's optimizer at its start: averages of 0 and no steps."""
    names = OPTIMIZERS[recipe.optimizer].slots
    slots = {name: np.zeros_like(state.parameters) for name in names}
    return replace(state, steps=0, slots=slots)
