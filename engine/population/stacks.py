"""A stack: the rows of lanes of one shape, and what is done to them lane by lane."""

from collections.abc import Sequence

import numpy as np

from caviar.engine.arrays import Array
from caviar.engine.draws import dropout_words
from caviar.engine.errors import LaneError
from caviar.engine.layers.batch_norm import (
    batch_norm_backward,
    batch_norm_evaluate,
    batch_norm_forward,
    moments,
)
from caviar.engine.layers.dropout import fill_factors
from caviar.engine.optim.averages import update_average
from caviar.engine.population.lanes import Lane, LaneState
from caviar.engine.population.updates import Update
from caviar.engine.population.workspace import Operands, Place, Products
from caviar.engine.shapes import Shape


class Stack:
    """k lanes of one shape: flat (k, P) parameters and gradients, of which layers are views.

    The arrays are those of an update, where these are the lanes from `first` on.
    """

    def __init__(
        self,
        shape: Shape,
        lanes: Sequence[Lane],
        states: Sequence[LaneState],
        *,
        update: Update,
        first: int,
        seed: int,
    ) -> None:
        self.shape = shape
        self.lanes = tuple(lanes)
        own = (first, first + len(lanes))
        length = shape.parameters
        self.parameters: Array = update.lanes(update.parameters, *own)[:, :length]
        gradients = update.lanes(update.gradients, *own)[:, :length]
        self._slots = {
            name: update.lanes(slot, *own)[:, :length] for name, slot in update.slots.items()
        }
        dtype = self.parameters.dtype
        self.statistics: Array = np.zeros((len(lanes), shape.statistics), dtype)
        self._seed = seed
        self._steps = [state.steps for state in states]
        self._matrices = [block.matrix(self.parameters) for block in shape.blocks]
        self._matrix_gradients = [block.matrix(gradients) for block in shape.blocks]
        self._transposed = [block.weights(self.parameters).mT for block in shape.blocks]
        self._norms = [block.norm(self.parameters) for block in shape.blocks]
        self._norm_gradients = [block.norm(gradients) for block in shape.blocks]
        self._statistics_starts = np.cumsum([1, *(2 * units for units in shape.widths[1:-1])])
        momentum = [[lane.recipe.batch_norm_momentum] for lane in lanes]
        self._momentum: Array = np.array(momentum, dtype)
        self._complement: Array = (1.0 - np.array(momentum)).astype(dtype)
        self._words: list[np.random.BitGenerator] = []
        self._load(states)

    def __len__(self) -> int:
        return len(self.lanes)

    def state(self, row: int, epoch: int) -> LaneState:
        """A copy of everything that the lane in this row needs to go on."""
        return LaneState(
            epoch=epoch,
            steps=self._steps[row],
            parameters=self.parameters[row].copy(),
            slots={name: slot[row].copy() for name, slot in self._slots.items()},
            statistics=self.statistics[row].copy(),
        )

    def begin_epoch(self, epoch: int) -> None:
        """Key the epoch's dropout."""
        if self.shape.dropout:
            self._words = [dropout_words(self._seed, lane.key, epoch) for lane in self.lanes]

    def end_epoch(self, steps: int) -> None:
        """Count the epoch's steps."""
        self._steps = [done + steps for done in self._steps]

    def rates(self, epoch: int) -> list[float]:
        """The learning rate of each lane in an epoch."""
        return [lane.recipe.learning_rate_at(epoch) for lane in self.lanes]

    def next_steps(self, step: int) -> list[int]:
        """The number, counted from 1, that a step of the epoch has for each lane's optimizer."""
        return [done + step + 1 for done in self._steps]

    def products(self, place: Place) -> Products:
        """The operands of every layer's products in a place."""
        outputs = [*place.outputs, place.logits]
        gradients = [*place.gradients, place.predictions]
        forward = list(zip(self._matrices[1:], place.inputs, outputs[1:], strict=True))
        backward: list[Operands] = []
        inputs_backward: list[Operands] = []
        if len(gradients) == len(outputs):
            rows = [inputs.mT for inputs in place.inputs]
            backward += zip(gradients[1:], rows, self._matrix_gradients[1:], strict=True)
            inputs_backward += zip(self._transposed[1:], gradients[1:], gradients, strict=False)
        return Products(
            first=(self._matrices[0], outputs[0]),
            forward=forward,
            first_backward=(gradients[0], self._matrix_gradients[0]),
            backward=backward,
            inputs_backward=inputs_backward,
        )

    def drop(self, place: Place, layer: int) -> None:
        """Drop units of a hidden layer's outputs."""
        factors = place.factors[layer]
        for lane, words, row in zip(self.lanes, self._words, factors, strict=True):
            fill_factors(row, words, lane.recipe.keep_prob)
        np.multiply(place.outputs[layer], factors, out=place.dropped[layer])

    def drop_backward(self, place: Place, layer: int) -> None:
        """The gradients of what was dropped are dropped."""
        place.gradients[layer] *= place.factors[layer]

    def normalize(self, place: Place, layer: int, *, training: bool, record: bool) -> None:
        """Batch norm of a hidden layer's Z; `record` its statistics."""
        values = place.outputs[layer]
        gamma, beta = self._norms[layer]
        start, units = int(self._statistics_starts[layer]), values.shape[1]
        if not training:
            mean, variance = moments(self.statistics, start, units)
            batch_norm_evaluate(values, gamma, beta, mean, variance)
            return
        mean, variance, inverse = batch_norm_forward(values, gamma, beta, place.normalized[layer])
        if layer == 0:
            place.inverses.clear()
        place.inverses.append(inverse)
        # One example has no variance: a last mini-batch of one would spoil the averages.
        if record and place.examples > 1:
            self._average(slice(start, start + units), mean[..., 0])
            self._average(slice(start + units, start + 2 * units), variance[..., 0])
            if layer == 0:
                self._average(slice(0, 1), np.ones_like(self._momentum))

    def normalize_backward(self, place: Place, layer: int) -> None:
        """From the loss by batch norm's outputs to the loss by Z, and gamma's and beta's."""
        gamma, _ = self._norms[layer]
        gammas, betas = self._norm_gradients[layer]
        batch_norm_backward(
            place.gradients[layer],
            place.normalized[layer],
            place.inverses[layer],
            gamma,
            gammas[..., 0],
            betas[..., 0],
        )

    def _average(self, part: slice, batch: Array) -> None:
        update_average(self.statistics[:, part], batch, self._momentum, self._complement)

    def _load(self, states: Sequence[LaneState]) -> None:
        for row, state in enumerate(states):
            if (
                state.parameters.shape != self.parameters[row].shape
                or state.statistics.shape != self.statistics[row].shape
                or set(state.slots) != set(self._slots)
            ):
                raise LaneError("a lane's state is not of its recipe: shape or optimizer differ")
            self.parameters[row] = state.parameters
            self.statistics[row] = state.statistics
            for name, slot in self._slots.items():
                slot[row] = state.slots[name]


def steps_of(shape: Shape, examples: int) -> int:
    """The mini-batches in an epoch over that many examples."""
    return -(-examples // shape.batch_size)
