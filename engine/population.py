"""K networks in lock-step over shared buffers.

Lanes of one shape are stacked in arrays; lanes of different widths and batch sizes, or with and
without batch norm and dropout, are stacks side by side, which share every element-wise pass.
Nothing is padded, and nothing is computed across lanes, so a lane's bits do not depend on its
neighbours.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.activations import ACTIVATIONS
from engine.arrays import Array
from engine.datasets import Dataset, Examples
from engine.errors import LaneError
from engine.feeds import Feed
from engine.lanes import Lane, LaneState
from engine.losses import LOSSES
from engine.metrics import Tally
from engine.shapes import Shape
from engine.stacks import Stack, steps_of
from engine.updates import WINDOW
from engine.workspace import Place, Seats, Workspace

ROWS_AT_ONCE = 64
"""Of a workspace's rows, in one element-wise pass: they and its temporaries stay in a cache."""

EVALUATED_AT_ONCE = 256
"""Examples in one forward pass of an evaluation. Fixed: it is part of the bits of a metric."""


@dataclass(frozen=True, eq=False)
class _Work:
    """What one step does: the first so many stacks, each in its place."""

    stacks: Sequence[Stack]
    places: Sequence[Place]
    workspace: Workspace
    training: bool = True
    record: bool = False


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
        members = list(zip(shapes, lanes, states, strict=True))
        self._stacks: list[Stack] = []
        for shape, run in groupby(members, key=lambda member: member[0]):
            group = list(run)
            self._stacks.append(
                Stack(
                    shape,
                    [lane for _, lane, _ in group],
                    [state for *_, state in group],
                    seed=seed,
                    dtype=dtype,
                )
            )
        sizes = [stack.shape.batch_size for stack in self._stacks]
        if sizes != sorted(sizes):
            raise LaneError("the lanes of a population must stand in the order of batch sizes")
        self._rows = [(stack, row) for stack in self._stacks for row in range(len(stack))]
        self._training: Workspace | None = None
        self._short: dict[tuple[int, int], Place] = {}
        self._evaluation: Workspace | None = None
        self._feeds: dict[int, tuple[Examples, Feed]] = {}

    @staticmethod
    def order(shape: Shape, lane: Lane) -> tuple[object, ...]:
        """A sorting key: lanes with the most steps in an epoch first, equal shapes together."""
        return (
            shape.batch_size,
            shape.widths,
            shape.batch_norm,
            shape.dropout,
            lane.recipe.optimizer,
            lane.recipe.l2 > 0,
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
        feed = self._feed(dataset.training)
        feed.reorder(order)
        tally = Tally(len(self), self._kin.loss, dataset.spread(dataset.training))
        workspace = self._training_workspace()
        count = len(dataset.training)
        for stack in self._stacks:
            stack.begin_epoch(self.epoch)
        steps = [steps_of(stack.shape, count) for stack in self._stacks]
        for step in range(steps[0]):
            active = [stack for stack, own in zip(self._stacks, steps, strict=True) if own > step]
            if step % WINDOW == 0:
                for stack, own in zip(active, steps, strict=False):
                    stack.prepare(self.epoch, step, steps=min(WINDOW, own - step), examples=count)
            places = [self._enter(index, feed, step, count) for index in range(len(active))]
            work = _Work(active, places, workspace, record=True)
            self._forward(work)
            self._count(work, tally)
            self._backward(work)
            for stack in active:
                stack.step(step % WINDOW)
        for stack, own in zip(self._stacks, steps, strict=True):
            stack.end_epoch(own)
        self.epoch += 1
        return tally

    def evaluate(self, dataset: Dataset, examples: Examples) -> Tally:
        """The metrics of every lane on some part of a data set."""
        feed = self._feed(examples)
        tally = Tally(len(self), self._kin.loss, dataset.spread(examples))
        for work in self._evaluations(feed, len(examples)):
            self._forward(work)
            self._count(work, tally)
        return tally

    def training_losses(self, dataset: Dataset) -> list[float]:
        """The mean loss of each lane over the training part as one mini-batch, as training has it.

        Batch norm takes the batch's own statistics, and leaves the running ones alone.
        """
        tally = Tally(len(self), self._kin.loss, dataset.spread(dataset.training))
        feed = self._feed(dataset.training)
        count = len(dataset.training)
        places = [self._enter(index, feed, 0, count) for index in range(len(self._stacks))]
        work = _Work(self._stacks, places, self._training_workspace())
        self._forward(work)
        self._count(work, tally)
        return tally.metrics("")["_loss"]

    def outputs(self, examples: Examples) -> Iterator[Array]:
        """Predictions of the first lane on some examples: (C, m) at a time."""
        for work in self._evaluations(self._feed(examples), len(examples)):
            self._forward(work)
            yield work.places[0].predictions[0].copy()

    def _forward(self, work: _Work) -> None:
        """From the loaded mini-batches to logits, predictions and losses."""
        workspace, count = work.workspace, len(work.stacks)
        for layer, buffer in enumerate(workspace.outputs):
            for stack, place in zip(work.stacks, work.places, strict=True):
                stack.forward(place, layer, training=work.training, record=work.record)
            for rows in _blocks(workspace.rows(layer, count)):
                self._activation.forward(buffer[rows])
            for stack, place in zip(work.stacks, work.places, strict=True):
                if not self._activation.keeps_ones:
                    place.ones[layer][...] = 1
                if work.training and stack.shape.dropout:
                    stack.drop(place, layer)
        for stack, place in zip(work.stacks, work.places, strict=True):
            stack.forward_last(place)
        columns = slice(0, workspace.columns(count))
        self._loss.forward(
            workspace.logits[:, columns],
            workspace.targets[columns],
            workspace.predictions[:, columns],
            workspace.losses[columns],
        )

    def _backward(self, work: _Work) -> None:
        """From the forward pass to the gradients, of the mean loss without L2.

        Uses up the workspace's outputs and predictions.
        """
        workspace, count = work.workspace, len(work.stacks)
        columns = slice(0, workspace.columns(count))
        predictions = workspace.predictions[:, columns]
        self._loss.backward(predictions, workspace.targets[columns])
        predictions *= workspace.shares[columns]
        for stack, place in zip(work.stacks, work.places, strict=True):
            stack.backward_last(place)
        for layer in reversed(range(len(workspace.outputs))):
            outputs, gradients = workspace.outputs[layer], workspace.gradients[layer]
            for rows in _blocks(workspace.rows(layer, count)):
                self._activation.backward(outputs[rows], gradients[rows])
            for stack, place in zip(work.stacks, work.places, strict=True):
                stack.backward(place, layer)

    def _count(self, work: _Work, tally: Tally) -> None:
        workspace, places = work.workspace, work.places
        columns = slice(0, workspace.columns(len(places)))
        tally.add(
            workspace.logits[:, columns],
            workspace.targets[columns],
            workspace.losses[columns],
            starts=np.concatenate([place.starts for place in places]),
            stops=np.concatenate([place.stops for place in places]),
        )

    def _enter(self, index: int, feed: Feed, step: int, count: int) -> Place:
        """The place of a stack for its mini-batch of that step, loaded."""
        size = self._stacks[index].shape.batch_size
        start, stop = step * size, min((step + 1) * size, count)
        place = self._training_workspace().places[index]
        if stop - start < size:
            place = self._shortened(index, place, stop - start)
        place.load(self._stacks[index].shape, feed.batch(start, stop, size))
        return place

    def _shortened(self, index: int, place: Place, examples: int) -> Place:
        key = (index, examples)
        if key not in self._short:
            self._short[key] = place.shortened(examples)
        return self._short[key]

    def _evaluations(self, feed: Feed, count: int) -> Iterator[_Work]:
        size = min(EVALUATED_AT_ONCE, count)
        workspace = self._evaluation_workspace(size)
        for start in range(0, count, size):
            stop = min(start + size, count)
            places: Sequence[Place] = workspace.places
            if stop - start < size:
                places = [place.shortened(stop - start) for place in places]
            batch = feed.batch(start, stop, size)
            for stack, place in zip(self._stacks, places, strict=True):
                place.load(stack.shape, batch)
            yield _Work(self._stacks, places, workspace, training=False)

    def _training_workspace(self) -> Workspace:
        if self._training is None:
            self._training = self._workspace(None)
        return self._training

    def _evaluation_workspace(self, size: int) -> Workspace:
        if self._evaluation is None or self._evaluation.places[0].examples != size:
            self._evaluation = self._workspace(size)
        return self._evaluation

    def _workspace(self, size: int | None) -> Workspace:
        """Buffers for mini-batches, or for evaluations of `size` examples."""
        seats = [
            Seats(
                shape=stack.shape,
                lanes=len(stack),
                examples=size or stack.shape.batch_size,
            )
            for stack in self._stacks
        ]
        return Workspace(seats, dtype=self._dtype, backward=size is None)

    def _feed(self, examples: Examples) -> Feed:
        """The feed of a part, the same each time: what was gathered of it stays."""
        found = self._feeds.get(id(examples))
        if found is None:
            found = self._feeds[id(examples)] = (examples, Feed(examples, None, self._dtype))
        return found[1]


def _blocks(rows: int) -> Iterator[slice]:
    return (slice(start, min(start + ROWS_AT_ONCE, rows)) for start in range(0, rows, ROWS_AT_ONCE))
