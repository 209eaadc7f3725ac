"""One optimizer at work on consecutive rows of a population, a cache-sized piece at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.arrays import Array
from engine.optimizers import OPTIMIZERS, Columns
from engine.recipe import Recipe
from engine.shapes import Shape

PIECE = 65_536
"""Parameters in a piece: its arrays, four or five, about fill the second-level cache. As measured:
smaller pieces cost more in calls than they save."""

WINDOW = 256
"""Steps whose coefficients are computed at once, at most."""


@dataclass(frozen=True, eq=False)
class _Piece:
    """Views of a few whole rows, or of a stretch of one row."""

    rows: slice
    parameters: Array
    gradients: Array
    slots: tuple[Array, ...]
    scratch: Array
    weights: tuple[tuple[Array, Array, Array], ...]
    """(parameters, gradients, scratch) of each stretch of weights within, for L2."""


class Update:
    """Moves rows that share an optimizer and agree on whether they have L2."""

    def __init__(
        self, shape: Shape, recipes: Sequence[Recipe], parameters: Array, gradients: Array
    ) -> None:
        self._optimizer = OPTIMIZERS[recipes[0].optimizer]
        self._recipes = recipes
        self._has_l2 = recipes[0].l2 > 0
        self.slots = {name: np.zeros_like(parameters) for name in self._optimizer.slots}
        self._scratch = np.empty(max(min(PIECE, parameters.size), 1), parameters.dtype)
        self._pieces = tuple(self._cut(shape, parameters, gradients))
        self._columns: Array
        self._shrink: Array

    @staticmethod
    def belongs(recipe: Recipe) -> tuple[str, bool]:
        """What recipes must agree on to be moved together: a sorting key."""
        return recipe.optimizer, recipe.l2 > 0

    def prepare(
        self,
        learning_rates: NDArray[np.float64],
        first_steps: Sequence[int],
        *,
        steps: int,
        examples: int,
    ) -> None:
        """Compute the coefficients of the coming steps.

        learning_rates (k,); first_steps (k,) count from 1; `examples` is m of the L2 term.
        """
        columns: Columns = self._optimizer.coefficients(
            self._recipes, learning_rates, first_steps, steps
        )
        shape = (len(columns), steps, len(self._recipes), 1)
        self._columns = np.empty(shape, self._scratch.dtype)
        for column, values in zip(self._columns, columns, strict=True):
            column[..., 0] = values
        l2 = [recipe.l2 / examples for recipe in self._recipes]
        self._shrink = np.array(l2, self._scratch.dtype)[:, None]

    def step(self, index: int) -> None:
        """The step of that index among those prepared. Uses up the gradients."""
        columns = self._columns[:, index]
        for piece in self._pieces:
            if self._has_l2:
                shrink = self._shrink[piece.rows]
                for parameters, gradients, scratch in piece.weights:
                    np.multiply(parameters, shrink, out=scratch)
                    gradients += scratch
            self._optimizer.update(
                piece.parameters,
                piece.gradients,
                piece.slots,
                tuple(columns[:, piece.rows]),
                piece.scratch,
            )

    def _cut(self, shape: Shape, parameters: Array, gradients: Array) -> Iterator[_Piece]:
        lanes, length = parameters.shape
        height, width = max(PIECE // length, 1), min(PIECE, length)
        for top in range(0, lanes, height):
            rows = slice(top, min(top + height, lanes))
            for left in range(0, length, width):
                span = slice(left, min(left + width, length))
                cut = (rows, span)
                size = (rows.stop - rows.start, span.stop - span.start)
                scratch = self._scratch[: size[0] * size[1]].reshape(size)
                weights = tuple(
                    (parameters[cut][:, part], gradients[cut][:, part], scratch[:, part])
                    for part in _weights_within(shape, span)
                )
                slots = tuple(slot[cut] for slot in self.slots.values())
                yield _Piece(rows, parameters[cut], gradients[cut], slots, scratch, weights)


def _weights_within(shape: Shape, span: slice) -> Iterator[slice]:
    """Where the weights, not the biases, lie within a stretch of a row."""
    for block in shape.blocks:
        start, stop = max(block.start, span.start), min(block.weights_stop, span.stop)
        if start < stop:
            yield slice(start - span.start, stop - span.start)
