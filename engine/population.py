"""K networks of one shape in lock-step over stacked arrays.

Parameters, gradients and the optimizers' averages are flat (K, P) arrays, of which each layer's
weights are views: an optimizer is a few whole-array lines, and a lane is a row. Nothing is computed
across rows, so a lane's bits do not depend on its neighbours.
"""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.activations import ACTIVATIONS
from engine.arrays import Array
from engine.datasets import Examples
from engine.errors import LaneError
from engine.lanes import LaneState
from engine.layers import dense_backward, dense_forward, dense_inputs_backward
from engine.losses import LOSSES, backward
from engine.metrics import Tally
from engine.recipe import Recipe
from engine.shapes import Shape
from engine.updates import WINDOW, Update
from engine.workspace import Workspace

EVALUATED_AT_ONCE = 512
"""Examples in one forward pass of an evaluation. Fixed: it is part of the bits of a metric."""


class Population:
    """The rows of some lanes, built from their states; `state(row)` gives one back.

    Rows whose recipes agree on `Update.belongs` should stand together: each run of them is one
    update. To drop, add or change a lane is to build another population.
    """

    def __init__(
        self,
        shape: Shape,
        recipes: Sequence[Recipe],
        states: Sequence[LaneState],
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.shape = shape
        self.recipes = tuple(recipes)
        self.parameters: Array = np.empty((len(states), shape.parameters), dtype)
        self.gradients: Array = np.empty_like(self.parameters)
        self.epoch = states[0].epoch
        self._steps = [state.steps for state in states]
        self._weights = self._layers_of(self.parameters)
        self._weights_gradients = self._layers_of(self.gradients)
        self._activation = ACTIVATIONS[shape.activation]
        self._loss = LOSSES[shape.loss]
        self._workspaces: dict[tuple[int, bool], Workspace] = {}
        self._updates = self._build_updates()
        self._load(states)

    def __len__(self) -> int:
        return len(self.recipes)

    def state(self, row: int) -> LaneState:
        """A copy of everything that the lane in this row needs to go on."""
        rows, update = next(pair for pair in self._updates if pair[0].start <= row < pair[0].stop)
        slots = {name: slot[row - rows.start].copy() for name, slot in update.slots.items()}
        return LaneState(
            epoch=self.epoch,
            steps=self._steps[row],
            parameters=self.parameters[row].copy(),
            slots=slots,
        )

    def train(self, examples: Examples, order: NDArray[np.int64]) -> Tally:
        """One epoch over the examples in the given order (m,), in mini-batches, the last one short.

        The tally's metrics are those of each mini-batch just before its step.
        """
        tally = Tally(len(self))
        size = self.shape.batch_size
        steps = -(-len(order) // size)
        for step, start in enumerate(range(0, len(order), size)):
            if step % WINDOW == 0:
                self._prepare(step, min(WINDOW, steps - step), len(examples))
            rows = order[start : start + size]
            workspace = self.workspace(len(rows), backward=True)
            workspace.load(examples.features[rows], examples.labels[rows])
            self.forward(workspace)
            tally.add(workspace.logits, workspace.labels, workspace.losses)
            self.backward(workspace)
            for _, update in self._updates:
                update.step(step % WINDOW)
        self._steps = [done + steps for done in self._steps]
        self.epoch += 1
        return tally

    def evaluate(self, examples: Examples) -> Tally:
        """The metrics of every lane on some examples."""
        tally = Tally(len(self))
        for start in range(0, len(examples), EVALUATED_AT_ONCE):
            rows = slice(start, start + EVALUATED_AT_ONCE)
            labels = examples.labels[rows]
            workspace = self.workspace(len(labels), backward=False)
            workspace.load(examples.features[rows], labels)
            self.forward(workspace)
            tally.add(workspace.logits, workspace.labels, workspace.losses)
        return tally

    def workspace(self, examples: int, *, backward: bool) -> Workspace:
        """The buffers for mini-batches of that size, the same each time."""
        key = (examples, backward)
        if key not in self._workspaces:
            self._workspaces[key] = Workspace(
                self.shape,
                lanes=len(self),
                examples=examples,
                dtype=self.parameters.dtype,
                backward=backward,
            )
        return self._workspaces[key]

    def forward(self, workspace: Workspace) -> None:
        """From the loaded mini-batch to logits, predictions and losses."""
        *hidden, last = self._weights
        for weights, inputs, outputs in zip(
            hidden, workspace.inputs, workspace.outputs, strict=False
        ):
            dense_forward(weights, inputs, outputs)
            self._activation.forward(outputs)
        dense_forward(last, workspace.inputs[-1], workspace.logits)
        self._loss.forward(
            workspace.logits, workspace.labels, workspace.predictions, workspace.losses
        )

    def backward(self, workspace: Workspace) -> None:
        """From the forward pass to `gradients`, of the mean loss without L2.

        Uses up the workspace's outputs and predictions.
        """
        targets = self._loss.targets(workspace.labels, workspace.predictions.shape[1])
        gradient = workspace.predictions
        backward(gradient, targets)
        for layer in reversed(range(len(self._weights))):
            dense_backward(workspace.inputs[layer], gradient, self._weights_gradients[layer])
            if layer > 0:
                before = workspace.gradients[layer - 1]
                dense_inputs_backward(self._weights[layer], gradient, before)
                self._activation.backward(workspace.outputs[layer - 1], before)
                gradient = before

    def _layers_of(self, flat: Array) -> list[Array]:
        """Each layer's (K, n_in + 1, n_out) view of a flat (K, P) array."""
        return [
            flat[:, block.start : block.stop].reshape(len(flat), block.inputs + 1, block.outputs)
            for block in self.shape.blocks
        ]

    def _build_updates(self) -> list[tuple[slice, Update]]:
        updates = []
        start = 0
        for _, run in groupby(self.recipes, key=Update.belongs):
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
                if state.epoch != self.epoch:
                    raise LaneError("lanes that train together must start from the same epoch")
                if state.parameters.shape != self.parameters[row].shape or set(state.slots) != set(
                    update.slots
                ):
                    raise LaneError(
                        "a lane's state is not of its recipe: shape or optimizer differ"
                    )
                self.parameters[row] = state.parameters
                for name, slot in update.slots.items():
                    slot[row - rows.start] = state.slots[name]

    def _prepare(self, step: int, steps: int, examples: int) -> None:
        rates = np.array([recipe.learning_rate_at(self.epoch) for recipe in self.recipes])
        first_steps = [done + step + 1 for done in self._steps]
        for rows, update in self._updates:
            update.prepare(rates[rows], first_steps[rows], steps=steps, examples=examples)
