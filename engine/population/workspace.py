"""The buffers of a population, allocated once, and each stack's views of them.

Notation: k lanes of one shape, n units of a layer, m examples of a mini-batch, C outputs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from caviar.engine.arrays import Array, Indices
from caviar.engine.shapes import Shape

ROW_ELEMENTS = 1024
"""Element-wise passes run over buffers (rows, ROW_ELEMENTS), whose rows do not follow the lanes."""

CACHE_LINE_ELEMENTS = 16
"""The float32 elements of a cache line, to which the part of each stack is aligned."""

Operands: TypeAlias = tuple[Array, Array, Array]
"""The three arrays of a function of layers.dense."""


class Products(NamedTuple):
    """The operands of a stack's matrix products, in the order of the functions of layers.dense.

    Those of the first layer lack the mini-batch, which all lanes share: (weights, out) and
    (gradient, weights_gradient). The others are lists from the second layer on; in an evaluation
    the backward ones are empty.
    """

    first: tuple[Array, Array]
    forward: list[Operands]
    first_backward: tuple[Array, Array]
    backward: list[Operands]
    inputs_backward: list[Operands]


@dataclass(eq=False)
class StackViews:
    """The views through which k lanes of one shape work on mini-batches of m examples.

    inputs[l] (k, n + 1, m), or (k, n, m) without biases: what the layer after l multiplies
    outputs[l], gradients[l] (k, n, m): the outputs of hidden layer l, and the gradients of them
    ones[l] (k, m): the row of ones below outputs[l]
    normalized[l], factors[l] (k, n, m): xhat with batch norm, the factors with dropout
    dropped[l] (k, n, m): with dropout, outputs[l] times factors[l], which the next layer reads
    logits, predictions, targets (k, C, m)
    losses, example_weights (k, m): the example weights are 1 / m
    """

    examples: int
    inputs: list[Array]
    outputs: list[Array]
    ones: list[Array]
    gradients: list[Array]
    normalized: list[Array]
    factors: list[Array]
    dropped: list[Array]
    logits: Array
    predictions: Array
    targets: Array
    losses: Array
    example_weights: Array
    products: Products = field(init=False)
    inverses: list[Array] = field(default_factory=list)
    """With batch norm, 1 / sqrt(var + epsilon) of each layer's last forward pass."""

    def truncated(self, examples: int) -> "StackViews":
        """The first `examples` columns of every view, for a smaller mini-batch."""

        def cut(arrays: list[Array]) -> list[Array]:
            return [array[..., :examples] for array in arrays]

        return StackViews(
            examples=examples,
            inputs=cut(self.inputs),
            outputs=cut(self.outputs),
            ones=cut(self.ones),
            gradients=cut(self.gradients),
            normalized=cut(self.normalized),
            factors=cut(self.factors),
            dropped=cut(self.dropped),
            logits=self.logits[..., :examples],
            predictions=self.predictions[..., :examples],
            targets=self.targets[..., :examples],
            losses=self.losses[..., :examples],
            example_weights=self.example_weights[..., :examples],
        )


@dataclass(frozen=True, kw_only=True)
class StackSize:
    """The shape of a stack's lanes, their number and the examples of their mini-batches."""

    shape: Shape
    lanes: int
    examples: int

    def elements(self, layer: int) -> int:
        """The elements of a layer's outputs and ones, rounded up to whole cache lines."""
        used = self.lanes * (self.shape.widths[layer + 1] + 1) * self.examples
        return -(-used // CACHE_LINE_ELEMENTS) * CACHE_LINE_ELEMENTS


class Workspace:
    """Buffers that stacks of lanes share, stack after stack in each, and `stack_views`, one each.

    outputs[l], gradients[l] (rows, ROW_ELEMENTS); logits, predictions, targets (C, M); losses,
    example_weights (M,): the M columns are the mini-batches of all lanes side by side, and those of
    lane k begin at starts[k].
    """

    def __init__(self, sizes: Sequence[StackSize], *, dtype: DTypeLike, backward: bool) -> None:
        widths = sizes[0].shape.widths
        layers, classes = len(widths) - 2, widths[-1]
        elements = [[size.elements(layer) for size in sizes] for layer in range(layers)]
        self.outputs = [_buffer(sum(counts), 1, dtype) for counts in elements]
        self.gradients = [_buffer(sum(counts), 0, dtype) for counts in elements if backward]
        self._layer_ends = [np.cumsum(counts) for counts in elements]
        columns = [size.lanes * size.examples for size in sizes]
        self._column_ends = np.cumsum(columns)
        total = int(self._column_ends[-1])
        self.logits: Array = np.zeros((classes, total), dtype)
        self.predictions: Array = np.zeros_like(self.logits)
        self.targets: Array = np.zeros_like(self.logits)
        self.losses: Array = np.zeros(total, dtype)
        self.example_weights: Array = np.zeros(total, dtype)
        first_columns = self._column_ends - columns
        self.starts: Indices = np.concatenate(
            [
                np.arange(first, stop, size.examples)
                for first, stop, size in zip(first_columns, self._column_ends, sizes, strict=True)
            ]
        )
        self.stack_views = [self._views(index, size) for index, size in enumerate(sizes)]

    def rows(self, layer: int, stacks: int) -> int:
        """The number of rows of outputs[layer] that the first stacks extend into."""
        return -(-int(self._layer_ends[layer][stacks - 1]) // ROW_ELEMENTS)

    def columns(self, stacks: int) -> int:
        """The number of columns of the first stacks."""
        return int(self._column_ends[stacks - 1])

    def _views(self, index: int, size: StackSize) -> StackViews:
        lanes, examples, shape = size.lanes, size.examples, size.shape
        hidden = shape.widths[1:-1]
        stop = int(self._column_ends[index])
        columns = slice(stop - lanes * examples, stop)
        with_ones = [self._part(self.outputs, layer, index, size) for layer in range(len(hidden))]
        outputs = [array[:, :-1] for array in with_ones]
        backward = bool(self.gradients)
        inputs = with_ones
        dropped: list[Array] = []
        if shape.dropout and backward:
            inputs = [np.ones_like(array) for array in with_ones]
            dropped = [array[:, :-1] for array in inputs]
        return StackViews(
            examples=examples,
            inputs=[
                array[:, :-1] if block.normalized else array
                for array, block in zip(inputs, shape.blocks[1:], strict=True)
            ],
            outputs=outputs,
            ones=[array[:, -1] for array in with_ones],
            gradients=[
                self._part(self.gradients, layer, index, size)[:, :-1]
                for layer in range(len(self.gradients))
            ],
            normalized=_zeros_like(outputs) if shape.batch_norm and backward else [],
            factors=_zeros_like(outputs) if shape.dropout and backward else [],
            dropped=dropped,
            logits=_lanes_first(self.logits[:, columns], lanes),
            predictions=_lanes_first(self.predictions[:, columns], lanes),
            targets=_lanes_first(self.targets[:, columns], lanes),
            losses=self.losses[columns].reshape(lanes, examples),
            example_weights=self.example_weights[columns].reshape(lanes, examples),
        )

    def _part(self, buffers: list[Array], layer: int, index: int, size: StackSize) -> Array:
        """One stack's part (k, n + 1, m) of a layer's buffer."""
        stop = int(self._layer_ends[layer][index])
        start = stop - size.elements(layer)
        units = size.shape.widths[layer + 1] + 1
        used = size.lanes * units * size.examples
        flat = buffers[layer].reshape(-1)[start : start + used]
        return flat.reshape(size.lanes, units, size.examples)


def _buffer(elements: int, value: float, dtype: DTypeLike) -> Array:
    return np.full((-(-elements // ROW_ELEMENTS), ROW_ELEMENTS), value, dtype)


def _zeros_like(arrays: list[Array]) -> list[Array]:
    return [np.zeros(array.shape, array.dtype) for array in arrays]


def _lanes_first(columns: Array, lanes: int) -> Array:
    """(C, k m) as (k, C, m)."""
    return columns.reshape(len(columns), lanes, -1).transpose(1, 0, 2)
