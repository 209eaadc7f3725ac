"""Mini-batches: the examples of an epoch, gathered in their shuffled order."""

from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from caviar.engine.arrays import Array, Indices
from caviar.engine.data.datasets import Examples

WINDOW_BYTES = 4 * 2**20
"""Bytes gathered at once: all of a small part, a window of one that is too large to copy."""


class Batch(NamedTuple):
    """A mini-batch: columns (n + 1, m), rows (m, n + 1) and targets (C, m) as the losses read them.

    The last row of `columns` and the last column of `rows` are ones, which multiply the biases.
    """

    columns: Array
    rows: Array
    targets: Array

    @property
    def without_ones(self) -> "Batch":
        """The same mini-batch without ones, for a first layer without biases."""
        return Batch(self.columns[:-1], self.rows[:, :-1], self.targets)


class BatchSource:
    """Gathers examples (m, n) in some order as mini-batches, with ones beside the features.

    The forward pass is fastest on columns (n + 1, m), the backward pass on rows (m, n + 1). If the
    examples of an epoch fit a window, they are gathered once for all lanes. Of a larger part, which
    may be a file, the lanes of each batch size have a window that slides along. With `outputs` > 1
    targets are labels and become one-hot columns (outputs, m).
    """

    def __init__(
        self, examples: Examples, order: Indices | None, *, outputs: int, dtype: DTypeLike
    ) -> None:
        self._examples = examples
        self._order = order
        self._outputs = outputs
        self._dtype = np.dtype(dtype)
        values = examples.features.shape[1] + 1
        self._window_examples = WINDOW_BYTES // (2 * values * self._dtype.itemsize)
        self._fits_window: bool = len(examples) <= self._window_examples
        self._windows: dict[int, _Window] = {}

    @property
    def fits_window(self) -> bool:
        """Whether all examples fit the window, so that the views of a mini-batch stay valid."""
        return self._fits_window

    def reorder(self, order: Indices) -> None:
        """Begin another epoch, with the examples in the order (m,)."""
        self._order = order
        for window in self._windows.values():
            window.stop = window.start
        if self.fits_window:
            self._window(0, len(self._examples)).load(0, self._examples, order)

    def batch(self, start: int, stop: int, size: int) -> Batch:
        """The mini-batch of the positions start to stop: views, valid until the next call.

        Calls with the same `size`, which is the usual m, should go forward through the epoch.
        """
        if self.fits_window:
            window = self._window(0, len(self._examples))
        else:
            window = self._window(size, max(self._window_examples // size, 1) * size)
        if not window.start <= start <= stop <= window.stop:
            window.load(0 if self.fits_window else start, self._examples, self._order)
        part = slice(start - window.start, stop - window.start)
        return Batch(window.columns[:, part], window.rows[part], window.targets[:, part])

    def _window(self, key: int, width: int) -> "_Window":
        if key not in self._windows:
            self._windows[key] = _Window(self._examples, width, self._outputs, self._dtype)
        return self._windows[key]


class _Window:
    """The gathered examples of the positions start to stop of an epoch."""

    def __init__(self, examples: Examples, width: int, outputs: int, dtype: DTypeLike) -> None:
        self.rows: Array = np.ones((width, examples.features.shape[1] + 1), dtype)
        self.columns: Array = np.ones((examples.features.shape[1] + 1, width), dtype)
        self.targets: Array = np.zeros((outputs, width), dtype)
        self.start = self.stop = 0

    def load(self, start: int, examples: Examples, order: Indices | None) -> None:
        """Gather the examples from position `start` on, as many as the window holds."""
        stop = min(start + len(self.rows), len(examples))
        rows = slice(start, stop) if order is None else order[start:stop]
        # As plain arrays, so that gathering from a memory-mapped file has no memmap overhead.
        features, targets = np.asarray(examples.features), np.asarray(examples.targets)
        self.rows[: stop - start, :-1] = features[rows]
        self.columns[:-1, : stop - start] = self.rows[: stop - start, :-1].T
        if len(self.targets) > 1:
            self.targets[...] = 0
            self.targets[targets[rows], np.arange(stop - start)] = 1
        else:
            self.targets[0, : stop - start] = targets[rows]
        self.start, self.stop = start, stop
