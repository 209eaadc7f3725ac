"""K networks in lock-step over shared buffers.

Lanes of one shape are stacked in arrays; lanes of different widths and batch sizes, or with and
without batch norm and dropout, are stacks side by side, which share every element-wise pass.
Nothing is padded, and nothing is computed across lanes, so a lane's bits do not depend on its
neighbours.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import DTypeLike, NDArray

from caviar.engine.arrays import Array
from caviar.engine.data.datasets import Dataset, Examples
from caviar.engine.errors import LaneError
from caviar.engine.layers.activations import ACTIVATIONS
from caviar.engine.layers.dense import dense_backward, dense_forward, dense_inputs_backward
from caviar.engine.layers.losses import LOSSES
from caviar.engine.metrics import Tally
from caviar.engine.population.lanes import Lane, LaneState
from caviar.engine.population.layouts import Layout
from caviar.engine.population.stacks import Stack, steps_of
from caviar.engine.population.steps import Step
from caviar.engine.population.updates import WINDOW, Update
from caviar.engine.shapes import Shape

ROWS_AT_ONCE = 64
"""Of a workspace's rows, in one element-wise pass: they and its temporaries stay in a cache."""


class Population:
    """The rows of some lanes, built from their states; `state(row)` gives one back.

    Lanes should come in the order of `Population.order`: each run of equal shapes is a stack. To
    drop, add or change a lane is to build another population.
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
        if any(shape.kin != shapes[0].kin for shape in shapes):
            raise LaneError(
                "lanes that train together must agree on depth, activation and data set"
            )
        if any(state.epoch != states[0].epoch for state in states):
            raise LaneError("lanes that train together must start from the same epoch")
        self.epoch = states[0].epoch
        self._kin = shapes[0]
        self._dtype = np.dtype(dtype)
        self._activation = ACTIVATIONS[self._kin.activation]
        self._loss = LOSSES[self._kin.loss]
        self._stacks: list[Stack] = []
        self._updates: list[tuple[Update, list[Stack], NDArray[np.int64]]] = []
        self._build(shapes, lanes, states, seed)
        self._sizes = np.array(
            [stack.shape.batch_size for stack in self._stacks for _ in stack.lanes]
        )
        if np.any(self._sizes[1:] < self._sizes[:-1]):
            raise LaneError("the lanes of a population must stand in the order of batch sizes")
        self._rows = [(stack, row) for stack in self._stacks for row in range(len(stack))]
        self._layout = Layout(self._stacks, outputs=self._kin.widths[-1], dtype=self._dtype)

    def _build(
        self,
        shapes: Sequence[Shape],
        lanes: Sequence[Lane],
        states: Sequence[LaneState],
        seed: int,
    ) -> None:
        """Stack lanes of one shape; let those that move alike be moved together."""
        keys = [Update.belongs(lane.recipe) for lane in lanes]
        stacks: dict[tuple[str, bool], list[Stack]] = {key: [] for key in keys}
        updates: dict[tuple[str, bool], Update] = {}
        for key in stacks:
            own = [row for row, other in enumerate(keys) if other == key]
            updates[key] = Update(
                [shapes[row] for row in own],
                [lanes[row].recipe for row in own],
                dtype=self._dtype,
            )
        taken = dict.fromkeys(stacks, 0)
        rows = groupby(range(len(lanes)), key=lambda row: (shapes[row], keys[row]))
        for (shape, key), run in rows:
            members = list(run)
            stack = Stack(
                shape,
                [lanes[row] for row in members],
                [states[row] for row in members],
                update=updates[key],
                first=taken[key],
                seed=seed,
            )
            taken[key] += len(members)
            stacks[key].append(stack)
            self._stacks.append(stack)
        for key, own_stacks in stacks.items():
            sizes = [stack.shape.batch_size for stack in own_stacks for _ in stack.lanes]
            self._updates.append((updates[key], own_stacks, np.array(sizes)))

    @staticmethod
    def order(shape: Shape, lane: Lane) -> tuple[object, ...]:
        """A sorting key: lanes with the most steps in an epoch first, equal shapes together."""
        return (
            shape.batch_size,
            shape.widths,
            shape.batch_norm,
            shape.dropout,
            Update.belongs(lane.recipe),
        )

    def __len__(self) -> int:
        return len(self._rows)

    def state(self, row: int) -> LaneState:
        """A copy of everything that the lane in this row needs to go on."""
        stack, index = self._rows[row]
        return stack.state(index, self.epoch)

    def parameters(self, row: int) -> Array:
        """The lane's parameters (P,) as they are."""
        stack, index = self._rows[row]
        values: Array = stack.parameters[index]
        return values

    def finite(self) -> NDArray[np.bool_]:
        """Whether all parameters of each lane are finite, (K,)."""
        return np.concatenate([np.isfinite(stack.parameters).all(axis=1) for stack in self._stacks])

    def train(self, dataset: Dataset, order: NDArray[np.int64]) -> Tally:
        """One epoch over the training part in the given order (m,), in mini-batches.

        Every lane cuts the order into mini-batches of its own size, the last one short. The tally's
        metrics are those of each mini-batch just before its step.
        """
        self._layout.reorder(dataset.training, order)
        tally = Tally(len(self), self._kin.loss, dataset.spread(dataset.training))
        count = len(dataset.training)
        for stack, place in zip(self._stacks, self._layout.places, strict=True):
            stack.begin_epoch(self.epoch)
            place.shares[...] = 1.0 / place.examples
        steps = [steps_of(stack.shape, count) for stack in self._stacks]
        for number in range(steps[0]):
            if number % WINDOW == 0:
                self._prepare(number, steps, count)
            step = self._layout.step(dataset.training, number)
            self._forward(step, record=True)
            self._count(step, tally, np.minimum(self._sizes, count - number * self._sizes))
            self._backward(step)
            for update, _, sizes in self._updates:
                lanes = int(np.count_nonzero(number * sizes < count))
                if lanes:
                    update.step(number % WINDOW, lanes)
        for stack, own in zip(self._stacks, steps, strict=True):
            stack.end_epoch(own)
        self.epoch += 1
        return tally

    def evaluate(self, dataset: Dataset, examples: Examples) -> Tally:
        """The metrics of every lane on some part of a data set."""
        tally = Tally(len(self), self._kin.loss, dataset.spread(examples))
        for step in self._layout.evaluations(examples):
            self._forward(step)
            self._count(step, tally, np.full(len(self), step.places[0].examples))
        return tally

    def training_losses(self, dataset: Dataset) -> list[float]:
        """The mean loss of each lane over the training part as one mini-batch, as training has it.

        Batch norm takes the batch's own statistics, and leaves the running ones alone.
        """
        tally = Tally(len(self), self._kin.loss, dataset.spread(dataset.training))
        count = len(dataset.training)
        step = self._layout.step(dataset.training, 0)
        self._forward(step)
        self._count(step, tally, np.full(len(self), count))
        return tally.metrics("")["_loss"]

    def outputs(self, examples: Examples) -> Iterator[Array]:
        """Predictions of the first lane on some examples: (C, m) at a time."""
        for step in self._layout.evaluations(examples):
            self._forward(step)
            yield step.places[0].predictions[0].copy()

    def _prepare(self, step: int, steps: Sequence[int], examples: int) -> None:
        """Compute the optimizers' coefficients from this step of the epoch on."""
        for update, stacks, _ in self._updates:
            active = [stack for stack in stacks if steps_of(stack.shape, examples) > step]
            if active:
                update.prepare(
                    np.array([rate for stack in active for rate in stack.rates(self.epoch)]),
                    [number for stack in active for number in stack.next_steps(step)],
                    steps=min(WINDOW, steps[0] - step),
                    examples=examples,
                )

    def _forward(self, step: Step, *, record: bool = False) -> None:
        """From the mini-batches to logits, predictions and losses.

        `record` lets batch norm's running statistics follow.
        """
        workspace = step.workspace
        for targets, values in step.targets:
            targets[...] = values
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
        """A hidden layer's outputs from its Z."""
        workspace = step.workspace
        for stack, place in step.normalized:
            stack.normalize(place, layer, training=step.training, record=record)
        outputs = workspace.outputs[layer]
        for rows in _blocks(workspace.rows(layer, step.stacks)):
            self._activation.forward(outputs[rows])
        if not self._activation.keeps_ones:
            for place in step.places:
                place.ones[layer][...] = 1
        for stack, place in step.dropped:
            stack.drop(place, layer)

    def _backward(self, step: Step) -> None:
        """From the forward pass to the gradients, of the mean loss without L2.

        Uses up the workspace's outputs and predictions.
        """
        workspace, columns = step.workspace, step.columns
        for place in step.short:
            place.shares[...] = 1.0 / place.examples
        predictions = workspace.predictions[:, columns]
        self._loss.backward(predictions, workspace.targets[:, columns])
        predictions *= workspace.shares[columns]
        for layer in reversed(range(len(workspace.outputs))):
            for operands in step.backward[layer + 1]:
                dense_backward(*operands)
            for operands in step.inputs_backward[layer]:
                dense_inputs_backward(*operands)
            for stack, place in step.dropped:
                stack.drop_backward(place, layer)
            outputs, gradients = workspace.outputs[layer], workspace.gradients[layer]
            for rows in _blocks(workspace.rows(layer, step.stacks)):
                self._activation.backward(outputs[rows], gradients[rows])
            for stack, place in step.normalized:
                stack.normalize_backward(place, layer)
        for operands in step.backward[0]:
            dense_backward(*operands)

    def _count(self, step: Step, tally: Tally, examples: NDArray[np.int64]) -> None:
        """Add a step's losses to the tally; `examples` has those of each lane, (K,)."""
        workspace, columns = step.workspace, step.columns
        starts = workspace.starts[: np.searchsorted(workspace.starts, columns.stop)]
        tally.add(
            workspace.logits[:, columns],
            workspace.targets[:, columns],
            workspace.losses[columns],
            starts=starts,
            stops=starts + examples[: len(starts)],
        )


def _blocks(rows: int) -> Iterator[slice]:
    return (slice(start, min(start + ROWS_AT_ONCE, rows)) for start in range(0, rows, ROWS_AT_ONCE))
