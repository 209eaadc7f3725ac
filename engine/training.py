"""The training loop: lanes in lock-step, one record per epoch, changes between epochs."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.arithmetic import arithmetic
from engine.datasets import Dataset
from engine.draws import shuffle
from engine.errors import LaneError
from engine.lanes import Lane, LaneState, initial_state, restarted
from engine.population import Population
from engine.updates import Update


@dataclass(frozen=True, kw_only=True)
class EpochRecord:
    """What one epoch gave.

    Training metrics are averages over the epoch's mini-batches, each taken just before its step;
    validation metrics are taken after the epoch. Losses are of the data alone, without the L2 term.
    """

    epoch: int
    """Epochs finished, counted from 1."""
    metrics: Mapping[int, Mapping[str, float]]
    """By trial number: training_loss, _error, _accuracy, validation_loss, _error, _accuracy."""
    diverged: Mapping[int, str]
    """Trials that became NaN or infinite in this epoch, with the metric it shows in, or
    `parameters` where the metrics are still finite. They train no further."""


class Training:
    """Trains lanes of one shape together, epoch by epoch.

    The bits of a lane depend on the seed, its number, its recipe with all adjustments, and the data
    set: not on the other lanes, nor on where it stopped and went on.

    `start` gives the states of lanes that go on, by number; all must be at the same epoch.
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
            raise LaneError("there must be at least one lane")
        if len({lane.number for lane in lanes}) < len(lanes):
            raise LaneError("every lane must have a number of its own")
        shape = lanes[0].recipe.shape(dataset)
        if any(lane.recipe.shape(dataset) != shape for lane in lanes):
            raise LaneError("lanes that train together must have the same shape")
        start = start or {}
        self.dataset = dataset
        self._shape = shape
        self._seed = seed
        self._lanes: list[Lane] = []
        self._build(
            (lane, start.get(lane.number) or initial_state(lane, shape, seed=seed))
            for lane in lanes
        )

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The lanes still training, each with its recipe as it is now."""
        return tuple(self._lanes)

    @property
    def epoch(self) -> int:
        """Epochs finished."""
        return self._population.epoch

    def run(self, stop_epoch: int) -> Iterator[EpochRecord]:
        """Train until `stop_epoch` epochs are finished, or no lane is left; a record per epoch.

        Between two records, lanes may be dropped and adjusted.
        """
        while self.epoch < stop_epoch and self._lanes:
            yield self._train_epoch()

    def drop(self, number: int) -> None:
        """Train this lane no further."""
        row = self._row(number)
        self._build(pair for index, pair in enumerate(self._pairs()) if index != row)

    def adjust(self, number: int, changes: Mapping[str, object]) -> None:
        """Change hyperparameters of a lane, as Recipe.adjusted does, from the next epoch on.

        A new optimizer starts afresh: its averages at zero, its steps counted from 1. RecipeError
        if a change is impossible; nothing has changed then.
        """
        row = self._row(number)
        recipe = self._lanes[row].recipe.adjusted(changes)
        pairs = list(self._pairs())
        lane, state = pairs[row]
        if recipe.optimizer != lane.recipe.optimizer:
            state = restarted(state.epoch, state.parameters, recipe)
        pairs[row] = (Lane(number=number, recipe=recipe), state)
        self._build(iter(pairs))

    def checkpoint(self, number: int) -> LaneState:
        """Everything this lane needs to go on from here, bit for bit; give it back as `start`."""
        return self._population.state(self._row(number))

    def test_metrics(self, number: int) -> dict[str, float]:
        """test_loss, test_error and test_accuracy of one lane, as it is now."""
        row = self._row(number)
        lane = Population(self._shape, [self._lanes[row].recipe], [self.checkpoint(number)])
        with arithmetic():
            metrics = lane.evaluate(self.dataset.test).metrics("test")
        return {name: values[0] for name, values in metrics.items()}

    def _train_epoch(self) -> EpochRecord:
        order = shuffle(self._seed, self.epoch, len(self.dataset.training))
        with arithmetic():
            trained = self._population.train(self.dataset.training, order)
            evaluated = self._population.evaluate(self.dataset.validation)
        columns = {**trained.metrics("training"), **evaluated.metrics("validation")}
        metrics = {
            lane.number: {name: values[row] for name, values in columns.items()}
            for row, lane in enumerate(self._lanes)
        }
        diverged = self._diverged(metrics)
        if diverged:
            self._build(pair for pair in self._pairs() if pair[0].number not in diverged)
        return EpochRecord(epoch=self.epoch, metrics=metrics, diverged=diverged)

    def _diverged(self, metrics: Mapping[int, Mapping[str, float]]) -> dict[int, str]:
        finite = np.all(np.isfinite(self._population.parameters), axis=1)
        diverged = {}
        for row, lane in enumerate(self._lanes):
            values = metrics[lane.number]
            bad = [name for name, value in values.items() if not math.isfinite(value)]
            if bad or not finite[row]:
                diverged[lane.number] = bad[0] if bad else "parameters"
        return diverged

    def _row(self, number: int) -> int:
        for row, lane in enumerate(self._lanes):
            if lane.number == number:
                return row
        raise LaneError(f"trial {number} does not train here, or no longer")

    def _pairs(self) -> Iterator[tuple[Lane, LaneState]]:
        return ((lane, self._population.state(row)) for row, lane in enumerate(self._lanes))

    def _build(self, pairs: Iterator[tuple[Lane, LaneState]]) -> None:
        """Put the lanes into a new population, those that are moved together side by side."""
        ordered = sorted(pairs, key=lambda pair: Update.belongs(pair[0].recipe))
        self._lanes = [lane for lane, _ in ordered]
        if ordered:
            recipes = [lane.recipe for lane in self._lanes]
            states = [state for _, state in ordered]
            self._population = Population(self._shape, recipes, states)
