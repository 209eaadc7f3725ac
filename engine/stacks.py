"""A stack: the rows of lanes of one shape, and what is done to them lane by lane."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import DTypeLike

from engine.arrays import Array
from engine.averages import update_average
from engine.batch_norm import (
    batch_norm_backward,
    batch_norm_evaluate,
    batch_norm_forward,
    moments,
)
from engine.draws import dropout_words
from engine.dropout import fill_factors
from engine.errors import LaneError
from engine.lanes import Lane, LaneState
from engine.layers import dense_backward, dense_forward, dense_inputs_backward
from engine.shapes import Shape
from engine.updates import Update
from engine.workspace import Place


class Stack:
    """k lanes of one shape: flat (k, P) parameters and gradients, of which layers are views.

    Lanes whose recipes agree on `Update.belongs` should stand together: each run of them is one
    update.
    """

    def __init__(
        self,
        shape: Shape,
        lanes: Sequence[Lane],
        states: Sequence[LaneState],
        *,
        seed: int,
        dtype: DTypeLike,
    ) -> None:
        self.shape = shape
        self.lanes = tuple(lanes)
        self.parameters: Array = np.zeros((len(lanes), shape.parameters), dtype)
        self.gradients: Array = np.zeros_like(self.parameters)
        self.statistics: Array = np.zeros((len(lanes), shape.statistics), dtype)
        self._seed = seed
        self._steps = [state.steps for state in states]
        blocks = shape.blocks
        self._products = [self._matrix(self.parameters, layer) for layer in range(len(blocks))]
        self._product_gradients = [
            self._matrix(self.gradients, layer) for layer in range(len(blocks))
        ]
        self._weights = [
            product[:, : block.inputs]
            for product, block in zip(self._products, blocks, strict=True)
        ]
        self._norms = [self._norm(self.parameters, layer) for layer in range(len(blocks))]
        self._norm_gradients = [self._norm(self.gradients, layer) for layer in range(len(blocks))]
        self._statistics_starts = np.cumsum([1, *(2 * units for units in shape.widths[1:-1])])
        momentum = [[lane.recipe.batch_norm_momentum] for lane in lanes]
        self._momentum: Array = np.array(momentum, dtype)
        self._complement: Array = (1.0 - np.array(momentum)).astype(dtype)
        self._words: list[np.random.BitGenerator] = []
        self._updates = self._build_updates()
        self._load(states)

    def __len__(self) -> int:
        return len(self.lanes)

    def state(self, row: int, epoch: int) -> LaneState:
        """A copy of everything that the lane in this row needs to go on."""
        rows, update = next(pair for pair in self._updates if pair[0].start <= row < pair[0].stop)
        return LaneState(
            epoch=epoch,
            steps=self._steps[row],
            parameters=self.parameters[row].copy(),
            slots={name: slot[row - rows.start].copy() for name, slot in update.slots.items()},
            statistics=self.statistics[row].copy(),
        )

    def begin_epoch(self, epoch: int) -> None:
        """Key the epoch's dropout."""
        if self.shape.dropout:
            self._words = [dropout_words(self._seed, lane.key, epoch) for lane in self.lanes]

    def end_epoch(self, steps: int) -> None:
        """Count the epoch's steps."""
        self._steps = [done + steps for done in self._steps]

    def prepare(self, epoch: int, step: int, *, steps: int, examples: int) -> None:
        """Compute the optimizers' coefficients for steps of an epoch, from `step` on."""
        rates = np.array([lane.recipe.learning_rate_at(epoch) for lane in self.lanes])
        first_steps = [done + step + 1 for done in self._steps]
        for rows, update in self._updates:
            update.prepare(rates[rows], first_steps[rows], steps=steps, examples=examples)

    def step(self, index: int) -> None:
        """Move the parameters by the gradients: the step of that index among those prepared."""
        for _, update in self._updates:
            update.step(index)

    def forward(self, place: Place, layer: int, *, training: bool, record: bool = False) -> None:
        """Z of a hidden layer, normalized if the shape says so; `record` its statistics."""
        values = place.outputs[layer]
        dense_forward(self._products[layer], place.inputs[layer], values)
        if self.shape.batch_norm:
            self._normalize(place, layer, training=training, record=record)

    def forward_last(self, place: Place) -> None:
        """The logits."""
        dense_forward(self._products[-1], place.inputs[-1], place.logits)

    def drop(self, place: Place, layer: int) -> None:
        """Drop units of a hidden layer's outputs."""
        factors = place.factors[layer]
        for lane, words, row in zip(self.lanes, self._words, factors, strict=True):
            fill_factors(row, words, lane.recipe.keep_prob)
        np.multiply(place.outputs[layer], factors, out=place.dropped[layer])

    def backward_last(self, place: Place) -> None:
        """From the loss by the logits to the last layer's gradients, and the loss by its inputs."""
        self._backward(place, len(self._products) - 1, place.predictions)

    def backward(self, place: Place, layer: int) -> None:
        """From dZ of a hidden layer, or dout with batch norm, to gradients and to its inputs'."""
        gradient = place.gradients[layer]
        if self.shape.batch_norm:
            gamma, _ = self._norms[layer]
            gammas, betas = self._norm_gradients[layer]
            batch_norm_backward(
                gradient,
                place.normalized[layer],
                place.inverses[layer],
                gamma,
                gammas[..., 0],
                betas[..., 0],
            )
        self._backward(place, layer, gradient)

    def _backward(self, place: Place, layer: int, gradient: Array) -> None:
        inputs = place.inputs[layer] if layer > 0 else place.rows.T
        dense_backward(inputs, gradient, self._product_gradients[layer])
        if layer > 0:
            before = place.gradients[layer - 1]
            dense_inputs_backward(self._weights[layer], gradient, before)
            if self.shape.dropout:
                before *= place.factors[layer - 1]

    def _normalize(self, place: Place, layer: int, *, training: bool, record: bool) -> None:
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

    def _average(self, part: slice, batch: Array) -> None:
        update_average(self.statistics[:, part], batch, self._momentum, self._complement)

    def _matrix(self, flat: Array, layer: int) -> Array:
        """A layer's (k, n_in + 1, n_out) view, or without biases (k, n_in, n_out)."""
        block = self.shape.blocks[layer]
        part = flat[:, block.start : block.product_stop]
        return part.reshape(len(flat), block.product_rows, block.outputs)

    def _norm(self, flat: Array, layer: int) -> tuple[Array, Array]:
        """Views of a layer's gamma and beta, (k, n_out, 1), empty without batch norm."""
        block = self.shape.blocks[layer]
        middle = block.weights_stop + (block.stop - block.weights_stop) // 2
        gamma = flat[:, block.weights_stop : middle, None]
        return gamma, flat[:, middle : block.stop, None]

    def _build_updates(self) -> list[tuple[slice, Update]]:
        updates = []
        start = 0
        for _, run in groupby((lane.recipe for lane in self.lanes), key=Update.belongs):
            recipes = tuple(run)
            rows = slice(start, start + len(recipes))
            update = Update(self.shape, recipes, self.parameters[rows], self.gradients[rows])
            updates.append((rows, update))
            start = rows.stop
        return updates

    def _load(self, states: Sequence[LaneState]) -> None:
        for rows, update in self._updates:
            for row in range(rows.start, rows.stop):
                state = states[row]
                if (
                    state.parameters.shape != self.parameters[row].shape
                    or state.statistics.shape != self.statistics[row].shape
                    or set(state.slots) != set(update.slots)
                ):
                    raise LaneError(
                        "a lane's state is not of its recipe: shape or optimizer differ"
                    )
                self.parameters[row] = state.parameters
                self.statistics[row] = state.statistics
                for name, slot in update.slots.items():
                    slot[row - rows.start] = state.slots[name]


def steps_of(shape: Shape, examples: int) -> int:
    """The mini-batches in an epoch over that many examples."""
    return -(-examples // shape.batch_size)
