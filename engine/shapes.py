"""The shape of a network: what decides the size of its arrays."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Rows: TypeAlias = NDArray[Any]

Kin: TypeAlias = tuple[int, int, int, str, str]
"""Features, layers, outputs, activation, loss: lanes that agree on these may train together."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """One layer's place in a lane's row: parameters [start, stop).

    First a matrix: the weights (n_out, n_in), and beside them a column of biases. With batch norm,
    which makes biases useless, weights alone; gamma and beta follow.
    """

    start: int
    inputs: int
    outputs: int
    normalized: bool = False

    @property
    def columns(self) -> int:
        """Columns of the matrix (n_out, columns), which multiplies the layer's inputs."""
        return self.inputs if self.normalized else self.inputs + 1

    @property
    def matrix_stop(self) -> int:
        """Where the matrix ends."""
        return self.start + self.columns * self.outputs

    @property
    def stop(self) -> int:
        """Where the layer ends."""
        return self.matrix_stop + (2 * self.outputs if self.normalized else 0)

    def matrix(self, row: Rows) -> Rows:
        """The view (..., n_out, columns) of rows (..., P)."""
        part = row[..., self.start : self.matrix_stop]
        return part.reshape(*row.shape[:-1], self.outputs, self.columns)

    def weights(self, row: Rows) -> Rows:
        """The view (..., n_out, n_in) of rows (..., P)."""
        return self.matrix(row)[..., : self.inputs]

    def norm(self, row: Rows) -> tuple[Rows, Rows]:
        """The views gamma and beta (..., n_out, 1) of rows (..., P); empty without batch norm."""
        middle = self.matrix_stop + (self.stop - self.matrix_stop) // 2
        gamma = row[..., self.matrix_stop : middle, None]
        return gamma, row[..., middle : self.stop, None]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Everything that decides the size of a lane's arrays and the work of a step.

    Lanes of equal shape are stacked; lanes of equal `kin` may share a population.
    """

    widths: tuple[int, ...]
    """Features, units of each hidden layer, outputs."""
    activation: str
    loss: str
    batch_size: int
    """At most the number of training examples."""
    batch_norm: bool = False
    """Whether the hidden layers are normalized."""
    dropout: bool = False
    """Whether any unit is ever dropped, that is keep_prob < 1."""

    @property
    def kin(self) -> Kin:
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
        """The layers' places in a row, first layer first."""
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
    def others(self) -> NDArray[np.int64]:
        """The places in a row of all that are no weights, in order: they have no L2."""
        row = np.ones(self.parameters, np.bool_)
        for block in self.blocks:
            block.weights(row)[...] = False
        return np.flatnonzero(row)

    @property
    def parameters(self) -> int:
        """The number of trained parameters, P: the length of a lane's row."""
        return self.blocks[-1].stop

    @property
    def statistics(self) -> int:
        """The number of running statistics, S: see batch_norm."""
        return 1 + 2 * sum(self.widths[1:-1]) if self.batch_norm else 0
