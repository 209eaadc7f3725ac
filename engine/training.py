"""The training loop: lanes in lock-step, a record per epoch, and changes between epochs."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from caviar.engine.arithmetic import arithmetic
from caviar.engine.data.datasets import Dataset
from caviar.engine.draws import shuffle
from caviar.engine.errors import LaneError
from caviar.engine.population.lanes import (
    Lane,
    LaneState,
    Weights,
    initial_state,
    with_changed_recipe,
)
from caviar.engine.population.population import Population


@dataclass(frozen=True, kw_only=True)
class EpochRecord:
    """The results of one epoch.

    Training metrics are averages over the epoch's mini-batches, each measured just before its step;
    validation metrics are measured after the epoch. Losses do not include the L2 term.
    """

    epoch: int
    """Epochs finished, counted from 1."""
    metrics: Mapping[int, Mapping[str, float]]
    """The metrics by trial number and name: those of metrics.metrics_of(task)."""
    diverged: Mapping[int, str]
    """The trials that became NaN or infinite in this epoch, by number, with the first metric that
    is not finite, or `parameters` if all metrics are. They do not train further."""


class Training:
    """Trains lanes together, epoch by epoch.

    The bits of a lane depend on the seed, its key (its number, or its lineage if it is a fork), its
    recipe with all adjustments, and the data set. They do not depend on the other lanes, nor on
    interruptions.

    `start` holds the states, by number, of lanes that continue; all must be at the same epoch.

    Raises LaneError if there are no lanes, two have the same number, they differ in
    `Shape.compatibility_key` or epoch, or a state does not fit its lane.
    """

    def __init__(
        self,
        dataset: Dataset,
        lanes: Sequence[Lane],
        *,
        seed: int,
        start: Mapping[int, LaneState] | None = None,
    ) -> None:
        if not lanes:
            raise LaneError("at least one lane is required")
        if len({lane.number for lane in lanes}) < len(lanes):
            raise LaneError("two lanes have the same number")
        start = start or {}
        self.dataset = dataset
        self._seed = seed
        self._lanes: list[Lane] = []
        self._build([(lane, start.get(lane.number) or self._initial(lane)) for lane in lanes])

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The lanes that still train, each with its current recipe."""
        return tuple(self._lanes)

    @property
    def epoch(self) -> int:
        """Epochs finished."""
        return self._population.epoch

    def run(self, stop_epoch: int) -> Iterator[EpochRecord]:
        """Train until `stop_epoch` epochs are finished or no lane is left, with a record per epoch.

        Between two records, lanes may join, be dropped and be adjusted.
        """
        while self.epoch < stop_epoch and self._lanes:
            yield self._train_epoch()

    def drop(self, number: int) -> None:
        """Stop training a lane. Raises LaneError if it does not train here."""
        row = self._row(number)
        self._build([pair for index, pair in enumerate(self._pairs()) if index != row])

    def join(self, lane: Lane, state: LaneState | None = None) -> None:
        """Train another lane, from a state at the current epoch, or from its initial state.

        Raises LaneError, and changes nothing, if the lane cannot train with the others.
        """
        if any(lane.number == other.number for other in self._lanes):
            raise LaneError(f"trial {lane.number} already trains here")
        state = state or self._initial(lane)
        if self._lanes and state.epoch != self.epoch:
            message = (
                f"trial {lane.number} is at epoch {state.epoch}, the others are at {self.epoch}"
            )
            raise LaneError(message)
        self._build([*self._pairs(), (lane, state)])

    def adjust(self, number: int, changes: Mapping[str, object]) -> None:
        """Change hyperparameters of a lane from the next epoch on, by Recipe.adjusted.

        A new optimizer is reset: its averages are 0 and its steps are counted from 1. Raises
        RecipeError, and changes nothing, if a change is invalid, and LaneError if the lane does not
        train here.
        """
        row = self._row(number)
        recipe = self._lanes[row].recipe.adjusted(changes)
        pairs = list(self._pairs())
        lane, state = pairs[row]
        pairs[row] = (replace(lane, recipe=recipe), with_changed_recipe(state, lane.recipe, recipe))
        self._build(pairs)

    def checkpoint(self, number: int) -> LaneState:
        """A copy of the state from which a lane continues bit for bit, passed as `start`.

        Raises LaneError if the lane does not train here.
        """
        return self._population.state(self._row(number))

    def weights(self, numbers: Collection[int]) -> dict[int, Weights]:
        """Copies of what lanes predict with now, by number; without those that train no more."""
        return {
            lane.number: self._population.weights(row)
            for row, lane in enumerate(self._lanes)
            if lane.number in numbers
        }

    def test_metrics(self, number: int) -> dict[str, float]:
        """The metrics of the test part, `test_loss` …, of a lane's current state.

        Raises LaneError if the lane does not train here.
        """
        lane, state = self._lanes[self._row(number)], self.checkpoint(number)
        shape = lane.recipe.shape(self.dataset)
        population = Population([shape], [lane], [state], seed=self._seed)
        with arithmetic():
            metrics = population.evaluate(self.dataset, self.dataset.test).metrics("test")
        return {name: values[0] for name, values in metrics.items()}

    def _train_epoch(self) -> EpochRecord:
        order = shuffle(self._seed, self.epoch, len(self.dataset.training))
        with arithmetic():
            trained = self._population.train(self.dataset, order)
            evaluated = self._population.evaluate(self.dataset, self.dataset.validation)
        columns = {**trained.metrics("training"), **evaluated.metrics("validation")}
        rows = zip(*columns.values(), strict=True)
        metrics = {
            lane.number: dict(zip(columns, row, strict=True))
            for lane, row in zip(self._lanes, rows, strict=True)
        }
        diverged = self._diverged(metrics)
        if diverged:
            self._build([pair for pair in self._pairs() if pair[0].number not in diverged])
        return EpochRecord(epoch=self.epoch, metrics=metrics, diverged=diverged)

    def _diverged(self, metrics: Mapping[int, Mapping[str, float]]) -> dict[int, str]:
        diverged = {}
        for lane, finite in zip(self._lanes, self._population.finite().tolist(), strict=True):
            values = metrics[lane.number]
            # A sum is finite only if all terms are; terms that overflow it count as diverged, too.
            if not finite or not math.isfinite(sum(values.values())):
                names = [name for name, value in values.items() if not math.isfinite(value)]
                diverged[lane.number] = next(iter(names), "parameters")
        return diverged

    def _row(self, number: int) -> int:
        for row, lane in enumerate(self._lanes):
            if lane.number == number:
                return row
        raise LaneError(f"trial {number} does not train here")

    def _pairs(self) -> Iterator[tuple[Lane, LaneState]]:
        return ((lane, self._population.state(row)) for row, lane in enumerate(self._lanes))

    def _initial(self, lane: Lane) -> LaneState:
        return initial_state(lane, lane.recipe.shape(self.dataset), seed=self._seed)

    def _build(self, pairs: list[tuple[Lane, LaneState]]) -> None:
        """Put the lanes into a new population, sorted by its order."""
        members = [(lane.recipe.shape(self.dataset), lane, state) for lane, state in pairs]
        members.sort(key=lambda member: Population.order(member[0], member[1]))
        if members:
            shapes, lanes, states = zip(*members, strict=True)
            self._population = Population(shapes, lanes, states, seed=self._seed)
        self._lanes = [lane for _, lane, _ in members]
