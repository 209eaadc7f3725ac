"""The shape of a network: what decides the size of its arrays."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TypeAlias

Kin: TypeAlias = tuple[int, int, int, str, str]
"""Features, layers, outputs, activation, loss: lanes that agree on these may train together."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """One layer's place in a lane's row: parameters [start, stop).

    First the weights; then the biases, or with batch norm, which makes them useless, gamma and
    beta.
    """

    start: int
    inputs: int
    outputs: int
    normalized: bool = False

    @property
    def weights_stop(self) -> int:
        """Where the weights end."""
        return self.start + self.inputs * self.outputs

    @property
    def stop(self) -> int:
        """Where the layer ends."""
        return self.weights_stop + self.outputs * (2 if self.normalized else 1)

    @property
    def product_rows(self) -> int:
        """Rows of the matrix (rows, outputs) that the layer's inputs are multiplied by."""
        return self.inputs if self.normalized else self.inputs + 1

    @property
    def product_stop(self) -> int:
        """Where that matrix ends."""
        return self.start + self.product_rows * self.outputs


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

    @property
    def parameters(self) -> int:
        """The number of trained parameters, P: the length of a lane's row."""
        return self.blocks[-1].stop

    @property
    def statistics(self) -> int:
        """The number of running statistics, S: see batch_norm."""
        return 1 + 2 * sum(self.widths[1:-1]) if self.batch_norm else 0
