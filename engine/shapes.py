"""The shape of a network: everything that decides the sizes of its arrays.

Notation: n_in and n_out are the inputs and outputs of a layer, P the number of trained parameters
and S the number of batch norm's running statistics of a lane.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from caviar.engine.arrays import Array, Indices

CompatibilityKey: TypeAlias = tuple[int, int, int, str, str]
"""Features, layers, outputs, activation, loss: lanes may train together if these are equal."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """The offsets of one layer in a lane's row of parameters: [start, stop).

    First comes a matrix: the weights (n_out, n_in) and beside them a column of biases. With batch
    norm, which makes biases redundant, the matrix has weights only, and gamma and beta follow.
    """

    start: int
    inputs: int
    outputs: int
    normalized: bool = False

    @property
    def columns(self) -> int:
        """Columns of the matrix (n_out, columns) that multiplies the layer's inputs."""
        return self.inputs if self.normalized else self.inputs + 1

    @property
    def matrix_stop(self) -> int:
        """The offset at which the matrix ends."""
        return self.start + self.columns * self.outputs

    @property
    def stop(self) -> int:
        """The offset at which the layer ends."""
        return self.matrix_stop + (2 * self.outputs if self.normalized else 0)

    def matrix(self, row: Array) -> Array:
        """The view (..., n_out, columns) of rows (..., P)."""
        part = row[..., self.start : self.matrix_stop]
        return part.reshape(*row.shape[:-1], self.outputs, self.columns)

    def weights(self, row: Array) -> Array:
        """The view (..., n_out, n_in) of rows (..., P)."""
        return self.matrix(row)[..., : self.inputs]

    def norm(self, row: Array) -> tuple[Array, Array]:
        """The views gamma and beta (..., n_out, 1) of rows (..., P); empty without batch norm."""
        middle = self.matrix_stop + (self.stop - self.matrix_stop) // 2
        gamma = row[..., self.matrix_stop : middle, None]
        return gamma, row[..., middle : self.stop, None]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Everything that decides the sizes of a lane's arrays and the work of a step.

    Lanes of equal shape are stacked; lanes of equal `compatibility_key` may share a population.
    """

    widths: tuple[int, ...]
    """The number of features, the units of each hidden layer, the number of outputs."""
    activation: str
    loss: str
    batch_size: int
    """At most the number of training examples."""
    batch_norm: bool = False
    """Whether the hidden layers are normalized."""
    dropout: bool = False
    """Whether units are dropped, that is keep_prob < 1."""

    @property
    def compatibility_key(self) -> CompatibilityKey:
        """What the lanes of one population have in common."""
        return (
            self.widths[0],
            len(self.widths),
            self.widths[-1],
            self.activation,
            self.loss,
        )

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The offsets of the layers in a row, first layer first."""
        return tuple(self._blocks())

    def _blocks(self) -> Iterator[Block]:
        start = 0
        last = len(self.widths) - 2
        for layer, (inputs, outputs) in enumerate(pairwise(self.widths)):
            normalized = self.batch_norm and layer < last
            block = Block(start=start, inputs=inputs, outputs=outputs, normalized=normalized)
            yield block
            start = block.stop

    @cached_property
    def unregularized(self) -> Indices:
        """The ascending offsets of the parameters without an L2 term: all that are not weights."""
        row: Array = np.ones(self.parameters)
        for block in self.blocks:
            block.weights(row)[...] = 0.0
        return np.flatnonzero(row)

    @property
    def parameters(self) -> int:
        """The number of trained parameters, P: the length of a lane's row."""
        return self.blocks[-1].stop

    @property
    def statistics(self) -> int:
        """The number of running statistics, S; see layers.batch_norm."""
        return 1 + 2 * sum(self.widths[1:-1]) if self.batch_norm else 0
