"""The feed: an epoch's examples in their shuffled order, a mini-batch at a time."""

from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from caviar.engine.arrays import Array
from caviar.engine.data.datasets import Examples

WINDOW_BYTES = 4 * 2**20
"""What is gathered at once: all of a small set, a stretch of one that is too large to copy."""

Order = NDArray[np.int64]


class Batch(NamedTuple):
    """A mini-batch: columns (n + 1, m), rows (m, n + 1), targets (C, m) as losses want them.

    The last of columns and rows are ones, which multiply biases; `plain` is both without them.
    """

    columns: Array
    rows: Array
    targets: Array

    @property
    def plain(self) -> "Batch":
        """The same without ones, for a first layer without biases."""
        return Batch(self.columns[:-1], self.rows[:, :-1], self.targets)


class Feed:
    """Examples (m, n) in some order and with ones beside: rows (m, n + 1) and columns (n + 1, m).

    Forward, products are fastest by columns; backward, by rows. Those of an epoch are gathered
    once for all lanes if they fit a window. Of a larger set, which may lie in a file, lanes of each
    batch size have a window that slides along. With `outputs` > 1 targets are labels, and become a
    1 in the row of their class (outputs, m).
    """

    def __init__(
        self, examples: Examples, order: Order | None, *, outputs: int, dtype: DTypeLike
    ) -> None:
        self._examples = examples
        self._order = order
        self._outputs = outputs
        self._dtype = np.dtype(dtype)
        rows = examples.features.shape[1] + 1
        self._fitting = WINDOW_BYTES // (2 * rows * self._dtype.itemsize)
        self._whole: bool = len(examples) <= self._fitting
        self._windows: dict[int, _Window] = {}

    @property
    def whole(self) -> bool:
        """Whether all examples fit the window: then a mini-batch lies at one place for good."""
        return self._whole

    def reorder(self, order: Order) -> None:
        """Begin another epoch."""
        self._order = order
        for window in self._windows.values():
            window.stop = window.start
        if self.whole:
            self._window(0, len(self._examples)).load(0, self._examples, order)

    def batch(self, start: int, stop: int, size: int) -> Batch:
        """The mini-batch of places start to stop: views, good until the next.

        Calls with the same `size`, the usual m, should go forward through the epoch.
        """
        if self.whole:
            window = self._window(0, len(self._examples))
        else:
            window = self._window(size, max(self._fitting // size, 1) * size)
        if not window.start <= start <= stop <= window.stop:
            window.load(0 if self.whole else start, self._examples, self._order)
        here = slice(start - window.start, stop - window.start)
        return Batch(window.columns[:, here], window.rows[here], window.targets[:, here])

    def _window(self, key: int, width: int) -> "_Window":
        if key not in self._windows:
            self._windows[key] = _Window(self._examples, width, self._outputs, self._dtype)
        return self._windows[key]


class _Window:
    """A stretch of an epoch: places start to stop, gathered."""

    def __init__(self, examples: Examples, width: int, outputs: int, dtype: DTypeLike) -> None:
        self.rows: Array = np.ones((width, examples.features.shape[1] + 1), dtype)
        self.columns: Array = np.ones((examples.features.shape[1] + 1, width), dtype)
        self.targets: Array = np.zeros((outputs, width), dtype)
        self.start = self.stop = 0

    def load(self, start: int, examples: Examples, order: Order | None) -> None:
        stop = min(start + len(self.rows), len(examples))
        rows = slice(start, stop) if order is None else order[start:stop]
        # Plain arrays: a file mapped into memory is gathered from, but not carried along.
        features, targets = np.asarray(examples.features), np.asarray(examples.targets)
        self.rows[: stop - start, :-1] = features[rows]
        self.columns[:-1, : stop - start] = self.rows[: stop - start, :-1].T
        if len(self.targets) > 1:
            self.targets[...] = 0
            self.targets[targets[rows], np.arange(stop - start)] = 1
        else:
            self.targets[0, : stop - start] = targets[rows]
        self.start, self.stop = start, stop
