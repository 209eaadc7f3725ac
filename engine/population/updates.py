"""One optimizer at work on the rows of many lanes, a cache-sized piece at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray

from caviar.engine.arrays import Array
from caviar.engine.optim.optimizers import OPTIMIZERS, Columns
from caviar.engine.recipe import Recipe
from caviar.engine.shapes import Shape

PIECE = 65_536
"""Parameters in a piece: its arrays, four or five, stay in the second-level cache."""

WIDTHS = (64, 128, 256, 512, 1024, 2048, 4096)
"""Elements in a row of the buffers, where lanes differ in length: see `Update`."""

ROW_COST = 128
"""A row that begins costs as much time as so many elements, as measured."""

WINDOW = 256
"""Steps whose coefficients are computed at once, at most."""


@dataclass(frozen=True, eq=False)
class _Piece:
    """Views of a few rows of the buffers, whoever's they are."""

    rows: slice
    parameters: Array
    gradients: Array
    slots: tuple[Array, ...]
    scratch: Array
    others: NDArray[np.int64]
    """Where in the piece, flat, parameters lie that are no weights."""


class Update:
    """Moves the lanes of some shapes, which share an optimizer and agree on whether they have L2.

    `parameters`, `gradients` and slots are buffers (rows, width), in which the lanes lie one after
    another, each in whole rows. A pass over many lanes is then one call, in which a lane's
    coefficients are a column. Lanes of one length have a row each; others are filled up with zeros.
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
        self._stops = np.cumsum(heights)
        self._owners = np.repeat(np.arange(len(shapes)), heights)
        rows = len(self._owners)
        self.parameters: Array = np.zeros((rows, width), dtype)
        self.gradients: Array = np.zeros_like(self.parameters)
        self.slots = {name: np.zeros_like(self.parameters) for name in self._optimizer.slots}
        self._scratch: Array = np.empty((min(max(PIECE // width, 1), rows), width), dtype)
        if self._has_l2:
            starts = (self._stops - heights) * width
            others = [start + shape.others for start, shape in zip(starts, shapes, strict=True)]
            self._others = np.concatenate(others)
        else:
            self._others = np.zeros(0, np.int64)
        self._pieces: dict[int, tuple[_Piece, ...]] = {}
        self._columns: Array
        self._coefficients: Array
        self._shrink: Array

    @staticmethod
    def belongs(recipe: Recipe) -> tuple[str, bool]:
        """What recipes must agree on to be moved together: a sorting key."""
        return recipe.optimizer, recipe.l2 > 0

    def lanes(self, buffer: Array, start: int, stop: int) -> Array:
        """The view (k, P) of the lanes start to stop, which are of one length, in a buffer."""
        first = int(self._stops[start - 1]) if start > 0 else 0
        return buffer[first : int(self._stops[stop - 1])].reshape(stop - start, -1)

    def prepare(
        self,
        learning_rates: NDArray[np.float64],
        first_steps: Sequence[int],
        *,
        steps: int,
        examples: int,
    ) -> None:
        """Compute the coefficients of the coming steps, for the first of the lanes.

        learning_rates (k,); first_steps (k,) count from 1; `examples` is m of the L2 term.
        """
        lanes = len(learning_rates)
        recipes = self._recipes[:lanes]
        columns: Columns = self._optimizer.coefficients(recipes, learning_rates, first_steps, steps)
        dtype = self._scratch.dtype
        self._columns = np.empty((len(columns), steps, lanes), dtype)
        for column, values in zip(self._columns, columns, strict=True):
            column[...] = values
        rows = int(self._stops[lanes - 1])
        owners = self._owners[:rows]
        self._coefficients = np.empty((len(columns), rows), dtype)
        l2 = np.array([recipe.l2 / examples for recipe in recipes], dtype)
        self._shrink = l2[owners][:, None]

    def step(self, index: int, lanes: int) -> None:
        """Move the first lanes by the step of that index among those prepared.

        Uses up their gradients.
        """
        rows = int(self._stops[lanes - 1])
        coefficients = self._coefficients[:, :rows]
        np.take(self._columns[:, index], self._owners[:rows], axis=1, out=coefficients, mode="clip")
        columns = coefficients[..., None]
        if rows not in self._pieces:
            self._pieces[rows] = tuple(self._cut(rows))
        for piece in self._pieces[rows]:
            if self._has_l2:
                np.multiply(piece.parameters, self._shrink[piece.rows], out=piece.scratch)
                piece.scratch.reshape(-1)[piece.others] = 0
                np.add(piece.gradients, piece.scratch, out=piece.gradients)
            self._optimizer.update(
                piece.parameters,
                piece.gradients,
                piece.slots,
                tuple(columns[:, piece.rows]),
                piece.scratch,
            )

    def _cut(self, rows: int) -> list[_Piece]:
        """Pieces of the first so many rows."""
        pieces = []
        height, width = self._scratch.shape
        for top in range(0, rows, height):
            part = slice(top, min(top + height, rows))
            bounds = np.searchsorted(self._others, [part.start * width, part.stop * width])
            pieces.append(
                _Piece(
                    rows=part,
                    parameters=self.parameters[part],
                    gradients=self.gradients[part],
                    slots=tuple(slot[part] for slot in self.slots.values()),
                    scratch=self._scratch[: part.stop - top],
                    others=self._others[slice(*bounds)] - top * width,
                )
            )
        return pieces


def _width(lengths: Sequence[int]) -> int:
    """The lanes' length where all have one, and short; else what takes the least time.

    That is few elements to fill up, and few rows.
    """
    longest = max(lengths)
    if longest == min(lengths) and longest <= WIDTHS[-1]:
        return longest
    return min(
        WIDTHS, key=lambda width: (width + ROW_COST) * sum(-(-each // width) for each in lengths)
    )
