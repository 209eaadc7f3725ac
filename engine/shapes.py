"""The shape of a network: what the lanes of one population have in common."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise


@dataclass(frozen=True, kw_only=True)
class Block:
    """One layer's place in a lane's row: parameters [start, stop), biases after the weights."""

    start: int
    inputs: int
    outputs: int

    @property
    def weights_stop(self) -> int:
        """Where the weights end and the biases begin."""
        return self.start + self.inputs * self.outputs

    @property
    def stop(self) -> int:
        """Where the layer ends."""
        return self.weights_stop + self.outputs


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Everything that decides the size of a lane's arrays and the work of a step.

    Lanes of equal shape may share a population; all else may differ from lane to lane.
    """

    widths: tuple[int, ...]
    """Features, units of each hidden layer, outputs."""
    activation: str
    loss: str
    batch_size: int
    """At most the number of training examples."""

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The layers' places in a row, first layer first."""
        return tuple(self._blocks())

    def _blocks(self) -> Iterator[Block]:
        start = 0
        for inputs, outputs in pairwise(self.widths):
            block = Block(start=start, inputs=inputs, outputs=outputs)
            yield block
            start = block.stop

    @property
    def parameters(self) -> int:
        """The number of trained parameters, P: the length of a lane's row."""
        return self.blocks[-1].stop
