"""A lane: one trial's row in a population, as a value."""

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
    """A trial to train: its number in the study, its recipe, and whose draws are its own."""

    number: int
    recipe: Recipe
    line: int | None = None
    """The number that keys its draws, when it is not its own: a fork's is that of its origin."""

    @property
    def key(self) -> int:
        """The number that keys the draws of weights and dropout."""
        return self.number if self.line is None else self.line


@dataclass(frozen=True, kw_only=True, eq=False)
class LaneState:
    """Everything a lane needs to go on from the end of an epoch, bit for bit.

    Whoever keeps a trial's best value keeps it beside this. The arrays belong to the state alone.
    """

    epoch: int
    """Epochs finished."""
    steps: int
    """Steps of the optimizer so far; back to 0 when a trial changes its optimizer."""
    parameters: Array
    """(P,): layer by layer W (n_out, n_in) beside b (n_out, 1), row by row; with batch norm W, then
    gamma (n_out) and beta (n_out)."""
    slots: Mapping[str, Array]
    """The optimizer's running averages by name, (P,) each, unscaled."""
    statistics: Array = field(default_factory=lambda: np.zeros(0, np.float32))
    """(S,): with batch norm the weight of what was averaged, then the running averages of mean and
    variance (n_out) of each hidden layer; else empty."""


def initial_state(lane: Lane, shape: Shape, *, seed: int) -> LaneState:
    """The state before the first epoch: weights drawn by (seed, number, layer), gamma 1, else 0."""
    parameters = np.zeros(shape.parameters)
    initializer = INITIALIZERS[lane.recipe.initialization]
    for layer, block in enumerate(shape.blocks):
        draws = weight_draws(seed, lane.key, layer, inputs=block.inputs, outputs=block.outputs)
        draws *= initializer(block.inputs, lane.recipe.initialization_scale)
        block.weights(parameters)[...] = draws
        gamma, _ = block.norm(parameters)
        gamma[...] = 1.0
    with np.errstate(over="ignore"):  # an absurd scale becomes infinite, and diverges
        state = LaneState(
            epoch=0,
            steps=0,
            parameters=parameters.astype(np.float32),
            slots={},
            statistics=np.zeros(shape.statistics, np.float32),
        )
    return restarted(state, lane.recipe)


def readjusted(state: LaneState, before: Recipe, after: Recipe) -> LaneState:
    """The state for a recipe that was changed: a new optimizer starts afresh.

    The averages of the same optimizer stay what they are, whatever their factors now.
    """
    if before.optimizer != after.optimizer:
        return restarted(state, after)
    slots = dict(state.slots)
    for name, factor in OPTIMIZERS[after.optimizer].slots.items():
        if factor(before) != factor(after):
            slots[name] = slots[name] * np.float32(factor(before) / factor(after))
    return replace(state, slots=slots)


def restarted(state: LaneState, recipe: Recipe) -> LaneState:
    """The state with the recipe's optimizer, which starts afresh."""
    names = OPTIMIZERS[recipe.optimizer].slots
    slots = {name: np.zeros_like(state.parameters) for name in names}
    return replace(state, steps=0, slots=slots)
