"""A stack: the rows of lanes of one shape, and the work that is done lane by lane."""

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
from caviar.engine.population.lanes import Lane, LaneState, Weights
from caviar.engine.population.updates import Update
from caviar.engine.population.workspace import Operands, Products, StackViews
from caviar.engine.shapes import Shape


class Stack:
    """k lanes of one shape: flat parameters and gradients (k, P), of which the layers are views.

    The arrays belong to an update, in which these are the lanes from `first` on. Raises LaneError
    if a state does not fit its lane.
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
        rows = (first, first + len(lanes))
        length = shape.parameters
        self.parameters: Array = update.lanes(update.parameters, *rows)[:, :length]
        gradients = update.lanes(update.gradients, *rows)[:, :length]
        self._slots = {
            name: update.lanes(slot, *rows)[:, :length] for name, slot in update.slots.items()
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
        """A copy of everything that the lane in this row needs to continue."""
        return LaneState(
            epoch=epoch,
            steps=self._steps[row],
            parameters=self.parameters[row].copy(),
            slots={name: slot[row].copy() for name, slot in self._slots.items()},
            statistics=self.statistics[row].copy(),
        )

    def weights(self, row: int, epoch: int) -> Weights:
        """A copy of what the lane in this row predicts with."""
        return Weights(
            epoch=epoch,
            parameters=self.parameters[row].copy(),
            statistics=self.statistics[row].copy(),
        )

    def begin_epoch(self, epoch: int) -> None:
        """Start the epoch's dropout draws, keyed by its number."""
        if self.shape.dropout:
            self._words = [dropout_words(self._seed, lane.key, epoch) for lane in self.lanes]

    def end_epoch(self, steps: int) -> None:
        """Count the steps of a finished epoch."""
        self._steps = [previous + steps for previous in self._steps]

    def rates(self, epoch: int) -> list[float]:
        """The learning rate of each lane in an epoch."""
        return [lane.recipe.learning_rate_at(epoch) for lane in self.lanes]

    def next_steps(self, step: int) -> list[int]:
        """The number, counted from 1, of a step of the epoch for each lane's optimizer."""
        return [previous + step + 1 for previous in self._steps]

    def products(self, views: StackViews) -> Products:
        """The operands of the matrix products of all layers through these views."""
        outputs = [*views.outputs, views.logits]
        gradients = [*views.gradients, views.predictions]
        forward = list(zip(self._matrices[1:], views.inputs, outputs[1:], strict=True))
        backward: list[Operands] = []
        inputs_backward: list[Operands] = []
        if len(gradients) == len(outputs):
            rows = [inputs.mT for inputs in views.inputs]
            backward += zip(gradients[1:], rows, self._matrix_gradients[1:], strict=True)
            inputs_backward += zip(self._transposed[1:], gradients[1:], gradients, strict=False)
        return Products(
            first=(self._matrices[0], outputs[0]),
            forward=forward,
            first_backward=(gradients[0], self._matrix_gradients[0]),
            backward=backward,
            inputs_backward=inputs_backward,
        )

    def drop(self, views: StackViews, layer: int) -> None:
        """Apply dropout to a hidden layer's outputs."""
        factors = views.factors[layer]
        for lane, words, row in zip(self.lanes, self._words, factors, strict=True):
            fill_factors(row, words, lane.recipe.keep_prob)
        np.multiply(views.outputs[layer], factors, out=views.dropped[layer])

    def drop_backward(self, views: StackViews, layer: int) -> None:
        """Multiply a hidden layer's gradients by the same factors."""
        views.gradients[layer] *= views.factors[layer]

    def normalize(self, views: StackViews, layer: int, *, training: bool, record: bool) -> None:
        """Apply batch norm to a hidden layer's Z.

        Training uses the batch's own statistics, and with `record` updates the running ones;
        evaluation uses the running ones.
        """
        values = views.outputs[layer]
        gamma, beta = self._norms[layer]
        start, units = int(self._statistics_starts[layer]), values.shape[1]
        if not training:
            mean, variance = moments(self.statistics, start, units)
            batch_norm_evaluate(values, gamma, beta, mean, variance)
            return
        mean, variance, inverse = batch_norm_forward(values, gamma, beta, views.normalized[layer])
        if layer == 0:
            views.inverses.clear()
        views.inverses.append(inverse)
        # A mini-batch of one example has no variance and would bias the running averages.
        if record and views.examples > 1:
            self._average(slice(start, start + units), mean[..., 0])
            self._average(slice(start + units, start + 2 * units), variance[..., 0])
            if layer == 0:
                self._average(slice(0, 1), np.ones_like(self._momentum))

    def normalize_backward(self, views: StackViews, layer: int) -> None:
        """Turn the gradient of batch norm's outputs into that of Z, beside gamma's and beta's."""
        gamma, _ = self._norms[layer]
        gamma_gradients, beta_gradients = self._norm_gradients[layer]
        batch_norm_backward(
            views.gradients[layer],
            views.normalized[layer],
            views.inverses[layer],
            gamma,
            gamma_gradients[..., 0],
            beta_gradients[..., 0],
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
                raise LaneError("a lane's state does not fit its recipe: shape or optimizer differ")
            self.parameters[row] = state.parameters
            self.statistics[row] = state.statistics
            for name, slot in self._slots.items():
                slot[row] = state.slots[name]


def steps_of(shape: Shape, examples: int) -> int:
    """The number of mini-batches in an epoch over that many examples."""
    return -(-examples // shape.batch_size)
