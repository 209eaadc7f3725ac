"""K networks in lock-step over shared buffers.

Lanes of one shape are stacked in arrays; lanes of different widths and batch sizes, or with and
without batch norm and dropout, are stacks side by side, which share every element-wise pass.
Nothing is computed across lanes, so a lane's bits do not depend on the other lanes.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import DTypeLike

from caviar.engine.arrays import Array, BoolArray, Indices
from caviar.engine.data.datasets import Dataset, Examples
from caviar.engine.errors import LaneError
from caviar.engine.layers.activations import ACTIVATIONS
from caviar.engine.layers.dense import dense_backward, dense_forward, dense_inputs_backward
from caviar.engine.layers.losses import LOSSES
from caviar.engine.metrics import MetricAccumulator
from caviar.engine.population.lanes import Lane, LaneState, Weights
from caviar.engine.population.layouts import Layout
from caviar.engine.population.stacks import Stack, steps_of
from caviar.engine.population.steps import Step
from caviar.engine.population.updates import MAX_PREPARED_STEPS, Update, UpdateKey
from caviar.engine.shapes import Shape

BLOCK_ROWS = 64
"""Rows of a workspace in one element-wise pass, which then stay in a cache with its temporaries."""


class Population:
    """The rows of K lanes, built from their states; `state(row)` returns the current state of one.

    Lanes should be sorted by `Population.order`: each run of equal shapes is a stack. To drop, add
    or change a lane, build another population.

    Raises LaneError if the lanes differ in their compatibility key or epoch, are not sorted by
    batch size or have states that do not fit.
    """

    def __init__(
        self,
        shapes: Sequence[Shape],
        lanes: Sequence[Lane],
        states: Sequence[LaneState],
        *,
        seed: int,
        dtype: DTypeLike = np.float32,
    ) -> None:
        if any(shape.compatibility_key != shapes[0].compatibility_key for shape in shapes):
            raise LaneError(
                "lanes that train together must have equal depths, activations and data sets"
            )
        if any(state.epoch != states[0].epoch for state in states):
            raise LaneError("lanes that train together must start at the same epoch")
        self.epoch = states[0].epoch
        self._shape = shapes[0]
        self._dtype = np.dtype(dtype)
        self._activation = ACTIVATIONS[self._shape.activation]
        self._loss = LOSSES[self._shape.loss]
        self._stacks: list[Stack] = []
        self._updates: list[tuple[Update, list[Stack], Indices]] = []
        self._build(shapes, lanes, states, seed)
        self._sizes = np.array(
            [stack.shape.batch_size for stack in self._stacks for _ in stack.lanes]
        )
        if np.any(self._sizes[1:] < self._sizes[:-1]):
            raise LaneError("the lanes of a population must be sorted by batch size")
        self._rows = [(stack, row) for stack in self._stacks for row in range(len(stack))]
        self._layout = Layout(self._stacks, outputs=self._shape.widths[-1], dtype=self._dtype)

    def _build(
        self,
        shapes: Sequence[Shape],
        lanes: Sequence[Lane],
        states: Sequence[LaneState],
        seed: int,
    ) -> None:
        """Stack the lanes of one shape; lanes of equal update key share an update."""
        keys = [Update.key(lane.recipe) for lane in lanes]
        stacks: dict[UpdateKey, list[Stack]] = {key: [] for key in keys}
        updates: dict[UpdateKey, Update] = {}
        for key in stacks:
            rows = [row for row, other in enumerate(keys) if other == key]
            updates[key] = Update(
                [shapes[row] for row in rows],
                [lanes[row].recipe for row in rows],
                dtype=self._dtype,
            )
        next_lane = dict.fromkeys(stacks, 0)
        runs = groupby(range(len(lanes)), key=lambda row: (shapes[row], keys[row]))
        for (shape, key), run in runs:
            members = list(run)
            stack = Stack(
                shape,
                [lanes[row] for row in members],
                [states[row] for row in members],
                update=updates[key],
                first=next_lane[key],
                seed=seed,
            )
            next_lane[key] += len(members)
            stacks[key].append(stack)
            self._stacks.append(stack)
        for key, key_stacks in stacks.items():
            sizes = [stack.shape.batch_size for stack in key_stacks for _ in stack.lanes]
            self._updates.append((updates[key], key_stacks, np.array(sizes)))

    @staticmethod
    def order(shape: Shape, lane: Lane) -> tuple[object, ...]:
        """A sorting key: lanes with more steps in an epoch come first, equal shapes together."""
        return (
            shape.batch_size,
            shape.widths,
            shape.batch_norm,
            shape.dropout,
            Update.key(lane.recipe),
        )

    def __len__(self) -> int:
        return len(self._rows)

    def state(self, row: int) -> LaneState:
        """A copy of everything that the lane in this row needs to continue."""
        stack, index = self._rows[row]
        return stack.state(index, self.epoch)

    def weights(self, row: int) -> Weights:
        """A copy of what the lane in this row predicts with."""
        stack, index = self._rows[row]
        return stack.weights(index, self.epoch)

    def parameters(self, row: int) -> Array:
        """The current parameters (P,) of the lane in this row, as a view."""
        stack, index = self._rows[row]
        values: Array = stack.parameters[index]
        return values

    def finite(self) -> BoolArray:
        """Whether all parameters of each lane are finite, (K,)."""
        return np.concatenate([np.isfinite(stack.parameters).all(axis=1) for stack in self._stacks])

    def train(self, dataset: Dataset, order: Indices) -> MetricAccumulator:
        """Train one epoch over the training part in the given order (m,), in mini-batches.

        Every lane cuts the order into mini-batches of its own size, of which the last may be
        smaller. The metrics are those of each mini-batch just before its step.
        """
        self._layout.reorder(dataset.training, order)
        accumulator = MetricAccumulator(
            len(self), self._shape.loss, dataset.target_statistics(dataset.training)
        )
        count = len(dataset.training)
        for stack, views in zip(self._stacks, self._layout.stack_views, strict=True):
            stack.begin_epoch(self.epoch)
            views.example_weights[...] = 1.0 / views.examples
        steps = [steps_of(stack.shape, count) for stack in self._stacks]
        for number in range(steps[0]):
            if number % MAX_PREPARED_STEPS == 0:
                self._prepare(number, steps, count)
            step = self._layout.step(dataset.training, number)
            self._forward(step, record=True)
            self._count(step, accumulator, np.minimum(self._sizes, count - number * self._sizes))
            self._backward(step)
            for update, _, sizes in self._updates:
                lanes = int(np.count_nonzero(number * sizes < count))
                if lanes:
                    update.step(number % MAX_PREPARED_STEPS, lanes)
        for stack, stack_steps in zip(self._stacks, steps, strict=True):
            stack.end_epoch(stack_steps)
        self.epoch += 1
        return accumulator

    def evaluate(self, dataset: Dataset, examples: Examples) -> MetricAccumulator:
        """Evaluate every lane on a part of a data set."""
        accumulator = MetricAccumulator(
            len(self), self._shape.loss, dataset.target_statistics(examples)
        )
        for step in self._layout.evaluations(examples):
            self._forward(step)
            self._count(step, accumulator, np.full(len(self), step.stack_views[0].examples))
        return accumulator

    def training_losses(self, dataset: Dataset) -> list[float]:
        """The mean loss of each lane over the training part as one mini-batch, in training mode.

        Batch norm uses the batch's own statistics and does not update the running ones.
        """
        accumulator = MetricAccumulator(
            len(self), self._shape.loss, dataset.target_statistics(dataset.training)
        )
        count = len(dataset.training)
        step = self._layout.step(dataset.training, 0)
        self._forward(step)
        self._count(step, accumulator, np.full(len(self), count))
        return accumulator.metrics("")["_loss"]

    def outputs(self, examples: Examples) -> Iterator[Array]:
        """Predictions (C, m) of the first lane, for one batch of examples after another."""
        for step in self._layout.evaluations(examples):
            self._forward(step)
            yield step.stack_views[0].predictions[0].copy()

    def _prepare(self, step: int, steps: Sequence[int], examples: int) -> None:
        """Compute the optimizers' coefficients for this step of the epoch and those after it."""
        for update, stacks, _ in self._updates:
            active = [stack for stack in stacks if steps_of(stack.shape, examples) > step]
            if active:
                update.prepare(
                    np.array([rate for stack in active for rate in stack.rates(self.epoch)]),
                    [number for stack in active for number in stack.next_steps(step)],
                    steps=min(MAX_PREPARED_STEPS, steps[0] - step),
                    examples=examples,
                )

    def _forward(self, step: Step, *, record: bool = False) -> None:
        """Compute logits, predictions and losses of the mini-batches.

        With `record`, update batch norm's running statistics.
        """
        workspace = step.workspace
        for destination, targets in step.targets:
            destination[...] = targets
        for layer, products in enumerate(step.forward):
            for operands in products:
                dense_forward(*operands)
            if layer < len(workspace.outputs):
                self._activate(step, layer, record=record)
        columns = step.columns
        self._loss.forward(
            workspace.logits[:, columns],
            workspace.targets[:, columns],
            workspace.predictions[:, columns],
            workspace.losses[columns],
        )

    def _activate(self, step: Step, layer: int, *, record: bool) -> None:
        """Turn a hidden layer's Z into its outputs: batch norm, activation, dropout."""
        workspace = step.workspace
        for stack, views in step.with_batch_norm:
            stack.normalize(views, layer, training=step.training, record=record)
        outputs = workspace.outputs[layer]
        for rows in _blocks(workspace.rows(layer, step.stacks)):
            self._activation.forward(outputs[rows])
        if not self._activation.keeps_ones:
            for views in step.stack_views:
                views.ones[layer][...] = 1
        for stack, views in step.with_dropout:
            stack.drop(views, layer)

    def _backward(self, step: Step) -> None:
        """Compute the gradients of the mean loss without L2, after a forward pass.

        Overwrites the workspace's outputs and predictions.
        """
        workspace, columns = step.workspace, step.columns
        for views in step.partial:
            views.example_weights[...] = 1.0 / views.examples
        predictions = workspace.predictions[:, columns]
        self._loss.backward(predictions, workspace.targets[:, columns])
        predictions *= workspace.example_weights[columns]
        for layer in reversed(range(len(workspace.outputs))):
            for operands in step.backward[layer + 1]:
                dense_backward(*operands)
            for operands in step.inputs_backward[layer]:
                dense_inputs_backward(*operands)
            for stack, views in step.with_dropout:
                stack.drop_backward(views, layer)
            outputs, gradients = workspace.outputs[layer], workspace.gradients[layer]
            for rows in _blocks(workspace.rows(layer, step.stacks)):
                self._activation.backward(outputs[rows], gradients[rows])
            for stack, views in step.with_batch_norm:
                stack.normalize_backward(views, layer)
        for operands in step.backward[0]:
            dense_backward(*operands)

    def _count(self, step: Step, accumulator: MetricAccumulator, examples: Indices) -> None:
        """Add a step's losses; `examples` (K,) are the sizes of the lanes' mini-batches."""
        workspace, columns = step.workspace, step.columns
        starts = workspace.starts[: np.searchsorted(workspace.starts, columns.stop)]
        accumulator.add(
            workspace.logits[:, columns],
            workspace.targets[:, columns],
            workspace.losses[columns],
            starts=starts,
            stops=starts + examples[: len(starts)],
        )


def _blocks(rows: int) -> Iterator[slice]:
    return (slice(start, min(start + BLOCK_ROWS, rows)) for start in range(0, rows, BLOCK_ROWS))
