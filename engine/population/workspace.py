"""The buffers of a population, allocated once, and each stack's places in them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from caviar.engine.arrays import Array
from caviar.engine.shapes import Shape

WIDTH = 1024
"""Element-wise passes go over buffers (rows, WIDTH): no row belongs to one lane, nor needs to."""


Operands: TypeAlias = tuple[Array, Array, Array]


class Products(NamedTuple):
    """The operands of a stack's matrix products in a place, as `engine.layers` takes them.

    The first layer's lack the mini-batch, which all lanes share: (weights, out) and
    (gradient, weights_gradient). The others are lists from the second layer on, in an evaluation
    without those that go backward.
    """

    first: tuple[Array, Array]
    forward: list[Operands]
    first_backward: tuple[Array, Array]
    backward: list[Operands]
    inputs_backward: list[Operands]


@dataclass(eq=False)
class Place:
    """The views through which k lanes of one shape work on mini-batches of m examples.

    inputs[l] (k, n + 1, m) or, where no bias is, (k, n, m): what the layer after l multiplies
    outputs[l], gradients[l] (k, n, m): what hidden layer l writes, and the loss by it
    ones[l] (k, m): the row of ones below outputs[l]
    normalized[l], factors[l] (k, n, m): with batch norm its xhat, with dropout its factors
    dropped[l] (k, n, m): with dropout, outputs[l] times factors[l], which the next layer reads
    logits, predictions, targets (k, C, m); losses, shares (k, m): shares are 1 / m
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
    shares: Array
    products: Products = field(init=False)
    inverses: list[Array] = field(default_factory=list)
    """1 / sqrt(var + epsilon) of each layer's last forward pass, with batch norm."""

    def shortened(self, examples: int) -> "Place":
        """The same place for fewer examples: the first columns of everything."""

        def cut(arrays: list[Array]) -> list[Array]:
            return [array[..., :examples] for array in arrays]

        return Place(
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
            shares=self.shares[..., :examples],
        )


@dataclass(frozen=True, kw_only=True)
class Seats:
    """k lanes of one shape, and the size of their mini-batches."""

    shape: Shape
    lanes: int
    examples: int


class Workspace:
    """Buffers shared by stacks of lanes, one after another in each, and `places`, one a stack.

    outputs[l], gradients[l] (rows, WIDTH); logits, predictions, targets (C, M); losses, shares (M,)
    for M columns: the mini-batches of all lanes side by side, of which lane k's begin at starts[k].
    """

    def __init__(self, seats: Sequence[Seats], *, dtype: DTypeLike, backward: bool) -> None:
        shape = seats[0].shape
        layers, classes = len(shape.widths) - 2, shape.widths[-1]
        sizes = [[_size(each, layer) for each in seats] for layer in range(layers)]
        self.outputs = [_buffer(sum(each), 1, dtype) for each in sizes]
        self.gradients = [_buffer(sum(each), 0, dtype) for each in sizes if backward]
        self._layer_ends = [np.cumsum(each) for each in sizes]
        columns = [each.lanes * each.examples for each in seats]
        self._column_ends = np.cumsum(columns)
        total = int(self._column_ends[-1])
        self.logits: Array = np.zeros((classes, total), dtype)
        self.predictions: Array = np.zeros_like(self.logits)
        self.targets: Array = np.zeros_like(self.logits)
        self.losses: Array = np.zeros(total, dtype)
        self.shares: Array = np.zeros(total, dtype)
        firsts = self._column_ends - columns
        self.starts: NDArray[np.int64] = np.concatenate(
            [
                np.arange(first, stop, each.examples)
                for first, stop, each in zip(firsts, self._column_ends, seats, strict=True)
            ]
        )
        self.places = [self._place(index, each) for index, each in enumerate(seats)]

    def rows(self, layer: int, stacks: int) -> int:
        """How many rows of outputs[layer] the first so many stacks reach into."""
        return -(-int(self._layer_ends[layer][stacks - 1]) // WIDTH)

    def columns(self, stacks: int) -> int:
        """How many columns the first so many stacks take."""
        return int(self._column_ends[stacks - 1])

    def _place(self, index: int, seats: Seats) -> Place:
        lanes, examples, shape = seats.lanes, seats.examples, seats.shape
        hidden = shape.widths[1:-1]
        stop = int(self._column_ends[index])
        span = slice(stop - lanes * examples, stop)
        whole = [self._part(self.outputs, layer, index, seats) for layer in range(len(hidden))]
        outputs = [each[:, :-1] for each in whole]
        backward = bool(self.gradients)
        read = whole
        dropped: list[Array] = []
        if shape.dropout and backward:
            read = [np.ones_like(each) for each in whole]
            dropped = [each[:, :-1] for each in read]
        return Place(
            examples=examples,
            inputs=[
                each[:, :-1] if block.normalized else each
                for each, block in zip(read, shape.blocks[1:], strict=True)
            ],
            outputs=outputs,
            ones=[each[:, -1] for each in whole],
            gradients=[
                self._part(self.gradients, layer, index, seats)[:, :-1]
                for layer in range(len(self.gradients))
            ],
            normalized=_like(outputs) if shape.batch_norm and backward else [],
            factors=_like(outputs) if shape.dropout and backward else [],
            dropped=dropped,
            logits=_lanes_first(self.logits[:, span], lanes),
            predictions=_lanes_first(self.predictions[:, span], lanes),
            targets=_lanes_first(self.targets[:, span], lanes),
            losses=self.losses[span].reshape(lanes, examples),
            shares=self.shares[span].reshape(lanes, examples),
        )

    def _part(self, buffers: list[Array], layer: int, index: int, seats: Seats) -> Array:
        """(k, n + 1, m): one stack's part of a layer's buffer."""
        stop = int(self._layer_ends[layer][index])
        start = stop - _size(seats, layer)
        units = seats.shape.widths[layer + 1] + 1
        used = seats.lanes * units * seats.examples
        flat = buffers[layer].reshape(-1)[start : start + used]
        return flat.reshape(seats.lanes, units, seats.examples)


def _size(seats: Seats, layer: int) -> int:
    """The elements that k lanes' outputs and ones take, rounded up to whole cache lines."""
    used = seats.lanes * (seats.shape.widths[layer + 1] + 1) * seats.examples
    return -(-used // 16) * 16


def _buffer(size: int, value: float, dtype: DTypeLike) -> Array:
    return np.full((-(-size // WIDTH), WIDTH), value, dtype)


def _like(arrays: list[Array]) -> list[Array]:
    return [np.zeros(each.shape, each.dtype) for each in arrays]


def _lanes_first(columns: Array, lanes: int) -> Array:
    """(C, k m) as (k, C, m)."""
    return columns.reshape(len(columns), lanes, -1).transpose(1, 0, 2)
