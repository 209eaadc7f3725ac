"""Layouts: the steps of a population laid out in its buffers, once, and kept for every epoch."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import DTypeLike, NDArray

from caviar.engine.data.batches import Feed
from caviar.engine.data.datasets import Examples
from caviar.engine.population.stacks import Stack
from caviar.engine.population.steps import Step
from caviar.engine.population.workspace import Place, Seats, Workspace

KEPT_PLACES = 20_000
"""Laid-out steps are kept until so many places are in them: some megabytes."""

EVALUATED_AT_ONCE = 256
"""Examples in one forward pass of an evaluation. Fixed: it is part of the bits of a metric."""


class Layout:
    """The buffers in which some stacks train and are evaluated, and the steps through them.

    `outputs` is how many logits an example has. Buffers are made when they are needed first.
    """

    def __init__(self, stacks: Sequence[Stack], *, outputs: int, dtype: DTypeLike) -> None:
        self._stacks = stacks
        self._outputs = outputs
        self._dtype = np.dtype(dtype)
        self._training: Workspace | None = None
        self._evaluation: Workspace | None = None
        self._short: dict[tuple[int, int], Place] = {}
        self._feeds: dict[int, tuple[Examples, Feed]] = {}
        self._kept: dict[tuple[Feed, int], list[Step]] = {}

    @property
    def places(self) -> Sequence[Place]:
        """Where each stack trains on mini-batches of its usual size."""
        return self._training_workspace().places

    def reorder(self, examples: Examples, order: NDArray[np.int64]) -> None:
        """Let the mini-batches of these examples be cut from another order (m,)."""
        self._feed(examples).reorder(order)

    def step(self, examples: Examples, number: int) -> Step:
        """The step of that number in an epoch, for the stacks that still have mini-batches."""
        feed, count = self._feed(examples), len(examples)
        if (kept := self._kept.get((feed, number))) is not None:
            return kept[0]
        places, batches = [], []
        for index, stack in enumerate(self._stacks):
            size = stack.shape.batch_size
            start, stop = number * size, min((number + 1) * size, count)
            if start >= count:
                break
            usual = self.places[index]
            places.append(usual if stop - start == size else self._shortened(index, stop - start))
            batches.append(feed.batch(start, stop, size))
        workspace = self._training_workspace()
        step = Step(self._stacks[: len(places)], places, batches, workspace, training=True)
        self._keep(feed, number, [step])
        return step

    def evaluations(self, examples: Examples) -> Iterator[Step]:
        """Steps over all of the examples in their own order, to be run forward only."""
        feed, count = self._feed(examples), len(examples)
        size = min(EVALUATED_AT_ONCE, count)
        workspace = self._evaluation_workspace(size)
        if (kept := self._kept.get((feed, -size))) is not None:
            yield from kept
            return
        steps = []
        for start in range(0, count, size):
            stop = min(start + size, count)
            places: Sequence[Place] = workspace.places
            if stop - start < size:
                places = [place.shortened(stop - start) for place in places]
                for stack, place in zip(self._stacks, places, strict=True):
                    place.products = stack.products(place)
            batches = [feed.batch(start, stop, size)] * len(places)
            steps.append(Step(self._stacks, places, batches, workspace, training=False))
            yield steps[-1]
        self._keep(feed, -size, steps)

    def _keep(self, feed: Feed, number: int, steps: list[Step]) -> None:
        """Keep laid-out steps for the next epoch, if their mini-batches will lie where they do."""
        held = sum(len(step.places) for kept in self._kept.values() for step in kept)
        if feed.whole and held < KEPT_PLACES:
            self._kept[feed, number] = steps

    def _shortened(self, index: int, examples: int) -> Place:
        key = (index, examples)
        if key not in self._short:
            place = self.places[index].shortened(examples)
            place.products = self._stacks[index].products(place)
            self._short[key] = place
        return self._short[key]

    def _training_workspace(self) -> Workspace:
        if self._training is None:
            self._training = self._workspace(None)
        return self._training

    def _evaluation_workspace(self, size: int) -> Workspace:
        if self._evaluation is None or self._evaluation.places[0].examples != size:
            self._evaluation = self._workspace(size)
            self._kept = {key: kept for key, kept in self._kept.items() if key[1] >= 0}
        return self._evaluation

    def _workspace(self, size: int | None) -> Workspace:
        """Buffers for mini-batches, or for evaluations of `size` examples."""
        seats = [
            Seats(
                shape=stack.shape,
                lanes=len(stack),
                examples=size or stack.shape.batch_size,
            )
            for stack in self._stacks
        ]
        workspace = Workspace(seats, dtype=self._dtype, backward=size is None)
        for stack, place in zip(self._stacks, workspace.places, strict=True):
            place.products = stack.products(place)
        return workspace

    def _feed(self, examples: Examples) -> Feed:
        """The feed of a part, the same each time: what was gathered of it stays."""
        found = self._feeds.get(id(examples))
        if found is None:
            feed = Feed(examples, None, outputs=self._outputs, dtype=self._dtype)
            found = self._feeds[id(examples)] = (examples, feed)
        return found[1]
