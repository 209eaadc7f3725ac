"""One optimizer applied to the rows of many lanes, one cache-sized piece at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from caviar.engine.arrays import Array, Float64Array, Indices
from caviar.engine.optim.optimizers import OPTIMIZERS, Columns
from caviar.engine.recipe import Recipe
from caviar.engine.shapes import Shape

PIECE_PARAMETERS = 65_536
"""Parameters in a piece, whose four or five arrays then stay in the second-level cache."""

ROW_WIDTHS = (64, 128, 256, 512, 1024, 2048, 4096)
"""Possible elements in a row of the buffers if lanes differ in length; see `Update`."""

ROW_OVERHEAD_ELEMENTS = 128
"""The measured overhead of a row, as the number of elements that take the same time."""

MAX_PREPARED_STEPS = 256
"""The number of steps whose coefficients are computed at once."""


UpdateKey: TypeAlias = tuple[str, bool]
"""The optimizer, and whether there is an L2 term."""


@dataclass(frozen=True, eq=False)
class _Piece:
    """Views of a few rows of the buffers, which may belong to several lanes."""

    rows: slice
    parameters: Array
    gradients: Array
    slots: tuple[Array, ...]
    scratch: Array
    unregularized: Indices
    """The offsets in the flattened piece of the parameters without an L2 term."""


class Update:
    """Updates lanes that share an optimizer and either all have L2 or all have none.

    `parameters`, `gradients` and the slots are buffers (rows, width) that hold lane after lane,
    each in whole rows. A pass over many lanes is then one call, and the coefficients of the lanes
    are a column. Lanes of equal length have one row each; others are padded with zeros.
    """

    def __init__(
        self, shapes: Sequence[Shape], recipes: Sequence[Recipe], *, dtype: DTypeLike
    ) -> None:
        self._optimizer = OPTIMIZERS[recipes[0].optimizer]
        self._recipes = recipes
        self._has_l2 = recipes[0].l2 > 0
        lengths = [shape.parameters for shape in shapes]
        width = _width(lengths)
        heights = [-(-length // width) for length in lengths]
        self._row_stops = np.cumsum(heights)
        self._lane_of_row = np.repeat(np.arange(len(shapes)), heights)
        rows = len(self._lane_of_row)
        self.parameters: Array = np.zeros((rows, width), dtype)
        self.gradients: Array = np.zeros_like(self.parameters)
        self.slots = {name: np.zeros_like(self.parameters) for name in self._optimizer.slots}
        self._scratch: Array = np.empty(
            (min(max(PIECE_PARAMETERS // width, 1), rows), width), dtype
        )
        if self._has_l2:
            starts = (self._row_stops - heights) * width
            self._unregularized = np.concatenate(
                [start + shape.unregularized for start, shape in zip(starts, shapes, strict=True)]
            )
        else:
            self._unregularized = np.zeros(0, np.int64)
        self._pieces: dict[int, tuple[_Piece, ...]] = {}
        self._columns: Array
        self._coefficients: Array
        self._l2_factors: Array

    @staticmethod
    def key(recipe: Recipe) -> UpdateKey:
        """A sorting key; recipes of equal key can share an update."""
        return recipe.optimizer, recipe.l2 > 0

    def lanes(self, buffer: Array, start: int, stop: int) -> Array:
        """The view (k, width) of the lanes start to stop of a buffer, which have equal lengths.

        Its first P columns are the lanes' values, the rest is padding.
        """
        first = int(self._row_stops[start - 1]) if start > 0 else 0
        return buffer[first : int(self._row_stops[stop - 1])].reshape(stop - start, -1)

    def prepare(
        self,
        learning_rates: Float64Array,
        first_steps: Sequence[int],
        *,
        steps: int,
        examples: int,
    ) -> None:
        """Compute the coefficients of the coming steps of the first k lanes.

        learning_rates (k,); first_steps (k,), counted from 1; the L2 term is l2 / (2 examples)
        times the sum of the squared weights.
        """
        lanes = len(learning_rates)
        recipes = self._recipes[:lanes]
        columns: Columns = self._optimizer.coefficients(recipes, learning_rates, first_steps, steps)
        dtype = self._scratch.dtype
        self._columns = np.empty((len(columns), steps, lanes), dtype)
        for column, values in zip(self._columns, columns, strict=True):
            column[...] = values
        rows = int(self._row_stops[lanes - 1])
        lane_of_row = self._lane_of_row[:rows]
        self._coefficients = np.empty((len(columns), rows), dtype)
        l2 = np.array([recipe.l2 / examples for recipe in recipes], dtype)
        self._l2_factors = l2[lane_of_row][:, None]

    def step(self, index: int, lanes: int) -> None:
        """Update the first lanes by the prepared step of that index. Overwrites their gradients."""
        rows = int(self._row_stops[lanes - 1])
        coefficients = self._coefficients[:, :rows]
        lane_of_row = self._lane_of_row[:rows]
        np.take(self._columns[:, index], lane_of_row, axis=1, out=coefficients, mode="clip")
        columns = coefficients[..., None]
        if rows not in self._pieces:
            self._pieces[rows] = tuple(self._cut(rows))
        for piece in self._pieces[rows]:
            if self._has_l2:
                np.multiply(piece.parameters, self._l2_factors[piece.rows], out=piece.scratch)
                piece.scratch.reshape(-1)[piece.unregularized] = 0
                np.add(piece.gradients, piece.scratch, out=piece.gradients)
            self._optimizer.update(
                piece.parameters,
                piece.gradients,
                piece.slots,
                tuple(columns[:, piece.rows]),
                piece.scratch,
            )

    def _cut(self, rows: int) -> list[_Piece]:
        """The first rows, cut into pieces."""
        pieces = []
        height, width = self._scratch.shape
        for top in range(0, rows, height):
            part = slice(top, min(top + height, rows))
            bounds = np.searchsorted(self._unregularized, [part.start * width, part.stop * width])
            pieces.append(
                _Piece(
                    rows=part,
                    parameters=self.parameters[part],
                    gradients=self.gradients[part],
                    slots=tuple(slot[part] for slot in self.slots.values()),
                    scratch=self._scratch[: part.stop - top],
                    unregularized=self._unregularized[slice(*bounds)] - top * width,
                )
            )
        return pieces


def _width(lengths: Sequence[int]) -> int:
    """The elements in a row: the common length of short lanes, or the width of the lowest cost.

    The cost grows with the padded elements and with the number of rows.
    """
    longest = max(lengths)
    if longest == min(lengths) and longest <= ROW_WIDTHS[-1]:
        return longest

    def cost(width: int) -> int:
        return (width + ROW_OVERHEAD_ELEMENTS) * sum(-(-length // width) for length in lengths)

    return min(ROW_WIDTHS, key=cost)
