"""The training loop: lanes in lock-step, one record per epoch, changes between epochs."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from caviar.engine.arithmetic import arithmetic
from caviar.engine.data.datasets import Dataset
from caviar.engine.draws import shuffle
from caviar.engine.errors import LaneError
from caviar.engine.population.lanes import Lane, LaneState, initial_state, readjusted
from caviar.engine.population.population import Population


@dataclass(frozen=True, kw_only=True)
class EpochRecord:
    """What one epoch gave.

    Training metrics are averages over the epoch's mini-batches, each taken just before its step;
    validation metrics are taken after the epoch. Losses are of the data alone, without the L2 term.
    """

    epoch: int
    """Epochs finished, counted from 1."""
    metrics: Mapping[int, Mapping[str, float]]
    """By trial number, what metrics.metrics_of names for the task: training_loss …"""
    diverged: Mapping[int, str]
    """Trials that became NaN or infinite in this epoch, with the metric it shows in, or
    `parameters` where the metrics are still finite. They train no further."""


class Training:
    """Trains lanes together, epoch by epoch; they must be of one `Shape.kin`.

    The bits of a lane depend on the seed, its line (its number, unless it is a fork), its recipe
    with all adjustments, and the data set: not on the other lanes, nor on where it stopped and went
    on.

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
        start = start or {}
        self.dataset = dataset
        self._seed = seed
        self._lanes: list[Lane] = []
        self._build([(lane, start.get(lane.number) or self._initial(lane)) for lane in lanes])

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
        self._build([pair for index, pair in enumerate(self._pairs()) if index != row])

    def join(self, lane: Lane, state: LaneState | None = None) -> None:
        """Train this lane too, from a state at this epoch; without one, from its start at epoch 0.

        LaneError if it cannot train beside the others; nothing has changed then.
        """
        if any(lane.number == other.number for other in self._lanes):
            raise LaneError(f"trial {lane.number} trains here already")
        state = state or self._initial(lane)
        if self._lanes and state.epoch != self.epoch:
            message = (
                f"the others are at epoch {self.epoch}, and trial {lane.number} at {state.epoch}"
            )
            raise LaneError(message)
        self._build([*self._pairs(), (lane, state)])

    def adjust(self, number: int, changes: Mapping[str, object]) -> None:
        """Change hyperparameters of a lane, as Recipe.adjusted does, from the next epoch on.

        A new optimizer starts afresh: its averages at zero, its steps counted from 1. RecipeError
        if a change is impossible; nothing has changed then.
        """
        row = self._row(number)
        recipe = self._lanes[row].recipe.adjusted(changes)
        pairs = list(self._pairs())
        lane, state = pairs[row]
        pairs[row] = (replace(lane, recipe=recipe), readjusted(state, lane.recipe, recipe))
        self._build(pairs)

    def checkpoint(self, number: int) -> LaneState:
        """Everything this lane needs to go on from here, bit for bit; give it back as `start`."""
        return self._population.state(self._row(number))

    def test_metrics(self, number: int) -> dict[str, float]:
        """The metrics of the test part, test_loss …, of one lane as it is now."""
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
            # A sum is finite only if all of its terms are, or so large that they might as well not.
            if not finite or not math.isfinite(sum(values.values())):
                bad = [name for name, value in values.items() if not math.isfinite(value)]
                diverged[lane.number] = next(iter(bad), "parameters")
        return diverged

    def _row(self, number: int) -> int:
        for row, lane in enumerate(self._lanes):
            if lane.number == number:
                return row
        raise LaneError(f"trial {number} does not train here, or no longer")

    def _pairs(self) -> Iterator[tuple[Lane, LaneState]]:
        return ((lane, self._population.state(row)) for row, lane in enumerate(self._lanes))

    def _initial(self, lane: Lane) -> LaneState:
        return initial_state(lane, lane.recipe.shape(self.dataset), seed=self._seed)

    def _build(self, pairs: list[tuple[Lane, LaneState]]) -> None:
        """Put the lanes into a new population, those that are moved together side by side."""
        members = [(lane.recipe.shape(self.dataset), lane, state) for lane, state in pairs]
        members.sort(key=lambda member: Population.order(member[0], member[1]))
        if members:
            shapes, lanes, states = zip(*members, strict=True)
            self._population = Population(shapes, lanes, states, seed=self._seed)
        self._lanes = [lane for _, lane, _ in members]
