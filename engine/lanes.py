"""A lane: one trial's row in a population, as a value."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.arrays import Array
from engine.draws import weight_draws
from engine.initializers import INITIALIZERS
from engine.optimizers import OPTIMIZERS
from engine.recipe import Recipe
from engine.shapes import Shape


@dataclass(frozen=True, kw_only=True)
class Lane:
    """A trial to train: its number in the study, which keys its draws, and its recipe."""

    number: int
    recipe: Recipe


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
    """(P,): layer by layer, W (n_in, n_out) then b (n_out), as Shape.blocks has it."""
    slots: Mapping[str, Array]
    """The optimizer's running averages by name, (P,) each."""


def initial_state(lane: Lane, shape: Shape, *, seed: int) -> LaneState:
    """The state before the first epoch: weights drawn by (seed, number, layer), all else zero."""
    parameters = np.zeros(shape.parameters)
    initializer = INITIALIZERS[lane.recipe.initialization]
    for layer, block in enumerate(shape.blocks):
        draws = weight_draws(seed, lane.number, layer, inputs=block.inputs, outputs=block.outputs)
        draws *= initializer(block.inputs, lane.recipe.initialization_scale)
        parameters[block.start : block.weights_stop] = draws.ravel()
    with np.errstate(over="ignore"):  # an absurd scale becomes infinite, and diverges
        return restarted(0, parameters.astype(np.float32), lane.recipe)


def restarted(epoch: int, parameters: Array, recipe: Recipe) -> LaneState:
    """A state whose optimizer starts afresh from the given parameters."""
    slots = {name: np.zeros_like(parameters) for name in OPTIMIZERS[recipe.optimizer].slots}
    return LaneState(epoch=epoch, steps=0, parameters=parameters, slots=slots)
