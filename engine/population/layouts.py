"""Layouts: the prepared steps of a population, made once and cached for every epoch."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import DTypeLike

from caviar.engine.arrays import Indices
from caviar.engine.data.batches import BatchSource
from caviar.engine.data.datasets import Examples
from caviar.engine.population.stacks import Stack
from caviar.engine.population.steps import Step
from caviar.engine.population.workspace import StackSize, StackViews, Workspace

MAX_CACHED_VIEWS = 20_000
"""Steps are cached until they hold this many stack views, which take a few megabytes."""

EVALUATION_BATCH_SIZE = 256
"""Examples in one forward pass of an evaluation. Fixed, because a metric's bits depend on it."""


class Layout:
    """The buffers in which stacks train and are evaluated, and the prepared steps.

    `outputs` is the number of logits of an example. Buffers are allocated on first use.
    """

    def __init__(self, stacks: Sequence[Stack], *, outputs: int, dtype: DTypeLike) -> None:
        self._stacks = stacks
        self._outputs = outputs
        self._dtype = np.dtype(dtype)
        self._training: Workspace | None = None
        self._evaluation: Workspace | None = None
        self._truncated_views: dict[tuple[int, int], StackViews] = {}
        self._sources: dict[int, tuple[Examples, BatchSource]] = {}
        self._cache: dict[tuple[BatchSource, int], list[Step]] = {}

    @property
    def stack_views(self) -> Sequence[StackViews]:
        """The views of each stack for training on mini-batches of its usual size."""
        return self._training_workspace().stack_views

    def reorder(self, examples: Examples, order: Indices) -> None:
        """Cut the coming mini-batches of these examples from another order (m,)."""
        self._source(examples).reorder(order)

    def step(self, examples: Examples, number: int) -> Step:
        """The step of that number in an epoch, for the stacks that still have mini-batches."""
        source, count = self._source(examples), len(examples)
        if (cached := self._cache.get((source, number))) is not None:
            return cached[0]
        stack_views, batches = [], []
        for index, stack in enumerate(self._stacks):
            size = stack.shape.batch_size
            start, stop = number * size, min((number + 1) * size, count)
            if start >= count:
                break
            full = self.stack_views[index]
            stack_views.append(
                full if stop - start == size else self._truncate(index, stop - start)
            )
            batches.append(source.batch(start, stop, size))
        workspace = self._training_workspace()
        stacks = self._stacks[: len(stack_views)]
        step = Step(stacks, stack_views, batches, workspace, training=True)
        self._store(source, number, [step])
        return step

    def evaluations(self, examples: Examples) -> Iterator[Step]:
        """Forward-only steps over all of the examples, in their own order."""
        source, count = self._source(examples), len(examples)
        size = min(EVALUATION_BATCH_SIZE, count)
        workspace = self._evaluation_workspace(size)
        # Evaluations share the cache with training steps, under negative numbers.
        if (cached := self._cache.get((source, -size))) is not None:
            yield from cached
            return
        steps = []
        for start in range(0, count, size):
            stop = min(start + size, count)
            stack_views: Sequence[StackViews] = workspace.stack_views
            if stop - start < size:
                stack_views = [views.truncated(stop - start) for views in stack_views]
                for stack, views in zip(self._stacks, stack_views, strict=True):
                    views.products = stack.products(views)
            batches = [source.batch(start, stop, size)] * len(stack_views)
            steps.append(Step(self._stacks, stack_views, batches, workspace, training=False))
            yield steps[-1]
        self._store(source, -size, steps)

    def _store(self, source: BatchSource, number: int, steps: list[Step]) -> None:
        """Cache steps for the next epoch, if the views of their mini-batches stay valid."""
        cached = sum(len(step.stack_views) for steps in self._cache.values() for step in steps)
        if source.fits_window and cached < MAX_CACHED_VIEWS:
            self._cache[source, number] = steps

    def _truncate(self, index: int, examples: int) -> StackViews:
        key = (index, examples)
        if key not in self._truncated_views:
            views = self.stack_views[index].truncated(examples)
            views.products = self._stacks[index].products(views)
            self._truncated_views[key] = views
        return self._truncated_views[key]

    def _training_workspace(self) -> Workspace:
        if self._training is None:
            self._training = self._workspace(None)
        return self._training

    def _evaluation_workspace(self, size: int) -> Workspace:
        if self._evaluation is None or self._evaluation.stack_views[0].examples != size:
            self._evaluation = self._workspace(size)
            self._cache = {key: steps for key, steps in self._cache.items() if key[1] >= 0}
        return self._evaluation

    def _workspace(self, examples: int | None) -> Workspace:
        """Buffers for mini-batches, or for evaluations of that many examples at once."""
        sizes = [
            StackSize(
                shape=stack.shape,
                lanes=len(stack),
                examples=examples or stack.shape.batch_size,
            )
            for stack in self._stacks
        ]
        workspace = Workspace(sizes, dtype=self._dtype, backward=examples is None)
        for stack, views in zip(self._stacks, workspace.stack_views, strict=True):
            views.products = stack.products(views)
        return workspace

    def _source(self, examples: Examples) -> BatchSource:
        """The batch source of a part, the same one on every call, so that its window stays."""
        entry = self._sources.get(id(examples))
        if entry is None:
            source = BatchSource(examples, None, outputs=self._outputs, dtype=self._dtype)
            # The examples are kept with it, so that no other object gets their id.
            entry = self._sources[id(examples)] = (examples, source)
        return entry[1]
