"""A trial's bits depend only on its seed, number, recipe and data set."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from caviar.engine.data.datasets import Dataset
from caviar.engine.population.lanes import Lane, LaneState
from caviar.engine.training import Training
from tests.engine.cases import make_clouds, make_regression, mixed_lanes

EPOCHS = 3


@dataclass(frozen=True)
class Case:
    """A network whose sizes select particular code paths of products and sums."""

    features: int
    classes: int
    training: int
    shape: dict[str, object]
    regression: bool = False

    def dataset(self) -> Dataset:
        examples = self.training * 5 // 3
        if self.regression:
            return make_regression(features=self.features, examples=examples)
        return make_clouds(features=self.features, classes=self.classes, examples=examples)


CASES = {
    "odd widths, short last batch": Case(13, 3, 45, {"hidden_units": 7, "batch_size": 10}),
    "one output": Case(2, 2, 60, {"hidden_units_1": 5, "hidden_units_2": 2, "batch_size": 16}),
    "one feature, one unit": Case(1, 2, 45, {"hidden_units": 1, "batch_size": 7}),
    "last batch of one": Case(5, 4, 45, {"hidden_units": 9, "batch_size": 11}),
    "batches of one": Case(6, 3, 30, {"hidden_units": 5, "batch_size": 1, "activation": "tanh"}),
    "full batch": Case(8, 10, 90, {"hidden_units": 33, "batch_size": 999, "activation": "sigmoid"}),
    "no hidden layer": Case(17, 3, 60, {"hidden_layers": 0, "batch_size": 32}),
    "wide": Case(64, 10, 120, {"hidden_units": 130, "batch_size": 64, "activation": "leaky_relu"}),
    "rows longer than a piece": Case(
        64, 10, 60, {"hidden_units_1": 300, "hidden_units_2": 199, "batch_size": 50}
    ),
    "batch norm, last batch of one": Case(
        5, 4, 45, {"hidden_units": 9, "batch_size": 11, "batch_norm": True}
    ),
    "dropout": Case(5, 2, 45, {"hidden_units": 9, "batch_size": 11, "keep_prob": 0.7}),
    "ragged": Case(6, 3, 45, {"ragged": True, "activation": "sigmoid"}),
    "ragged, one output": Case(6, 2, 45, {"ragged": True, "activation": "tanh"}),
    "regression": Case(4, 0, 45, {"ragged": True}, regression=True),
    "many examples to evaluate": Case(3, 2, 3000, {"hidden_units": 4, "batch_size": 1500}),
}


def bits(state: LaneState) -> tuple[object, ...]:
    slots = {name: slot.tobytes() for name, slot in state.slots.items()}
    arrays = state.parameters.tobytes(), state.statistics.tobytes()
    return state.epoch, state.steps, *arrays, slots


def history(
    dataset: Dataset, lanes: Sequence[Lane], start: Mapping[int, LaneState] | None = None
) -> dict[int, list[object]]:
    """Every metric of every epoch, and the final state, by trial number."""
    training = Training(dataset, lanes, seed=7, start=start)
    records = list(training.run(EPOCHS))
    return {
        lane.number: [
            *(record.metrics[lane.number] for record in records),
            bits(training.checkpoint(lane.number)),
        ]
        for lane in lanes
    }


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_training_alone_or_in_any_group_gives_the_same_bits(case: Case) -> None:
    dataset, lanes = case.dataset(), mixed_lanes(64, **case.shape)
    together = history(dataset, lanes)
    backwards = history(dataset, lanes[:20:-1])
    for number in (0, 1, 2, 3, 22, 39, 63):
        assert history(dataset, [lanes[number]])[number] == together[number]
    assert all(backwards[number] == together[number] for number in backwards)
    assert len({repr(lane) for lane in together.values()}) == 64


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_resuming_at_any_epoch_gives_the_same_bits(case: Case) -> None:
    dataset, lanes = case.dataset(), mixed_lanes(6, **case.shape)
    whole = history(dataset, lanes)
    for epoch in range(1, EPOCHS):
        training = Training(dataset, lanes, seed=7)
        list(training.run(epoch))
        states = {lane.number: training.checkpoint(lane.number) for lane in lanes}
        rest = history(dataset, lanes[::-2], start=states)
        for number in rest:
            assert rest[number] == whole[number][epoch:]


PRINT_BITS = """
from tests.engine.test_bits import CASES, history
from tests.engine.cases import mixed_lanes
case = CASES["wide"]
print(history(case.dataset(), mixed_lanes(3, **case.shape))[2])
"""


@pytest.mark.processes
@pytest.mark.parametrize("threads", ["1", "2"])
def test_other_processes_and_numbers_of_threads_give_the_same_bits(threads: str) -> None:
    case = CASES["wide"]
    result = subprocess.run(
        [sys.executable, "-c", PRINT_BITS],
        env={
            **os.environ,
            "OPENBLAS_NUM_THREADS": threads,
            "PYTHONPATH": os.pathsep.join(sys.path),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    in_this_process = history(case.dataset(), mixed_lanes(10, **case.shape))[2]
    assert result.stdout.strip() == str(in_this_process)


def test_other_lanes_that_are_dropped_adjusted_or_diverge_change_no_bits() -> None:
    case = CASES["odd widths, short last batch"]
    dataset, lanes = case.dataset(), mixed_lanes(12, **case.shape)
    alone = history(dataset, lanes)
    diverging = mixed_lanes(1, **case.shape)[0].recipe.adjusted({"learning_rate": 1e30})
    training = Training(dataset, [*lanes, Lane(number=99, recipe=diverging)], seed=7)
    metrics: dict[int, list[object]] = {number: [] for number in range(12)}
    for record in training.run(EPOCHS):
        for number in record.metrics.keys() & metrics.keys():
            metrics[number].append(record.metrics[number])
        if record.epoch == 1:
            training.drop(4)
            training.adjust(7, {"optimizer": "gd", "l2": 0})
    for number in set(range(12)) - {4, 7}:
        assert [*metrics[number], bits(training.checkpoint(number))] == alone[number]
    assert metrics[4] == alone[4][:1]
    assert metrics[7][1:] != alone[7][1:3]


def test_an_adjusted_trial_has_the_same_bits_alone_and_in_a_group() -> None:
    case = CASES["last batch of one"]
    dataset, lanes = case.dataset(), mixed_lanes(10, **case.shape)
    results = []
    for members in ([lanes[3]], lanes):
        training = Training(dataset, members, seed=7)
        for record in training.run(EPOCHS):
            if record.epoch == 1:
                training.adjust(3, {"optimizer": "rmsprop", "learning_rate": 0.02})
            if record.epoch == 2:
                training.adjust(3, {"l2": 0.5})
        results.append(bits(training.checkpoint(3)))
    assert results[0] == results[1]


@pytest.mark.parametrize(
    "change", [{"batch_size": 6}, {"batch_size": 999}, {"keep_prob": 0.6, "batch_size": 3}]
)
@pytest.mark.parametrize("shape", [{"hidden_units": 9, "batch_size": 11}, {"ragged": True}])
def test_changes_of_batch_size_and_dropout_give_the_same_bits_in_any_group(
    change: dict[str, object], shape: dict[str, object]
) -> None:
    dataset, lanes = make_clouds(features=5, classes=4, examples=75), mixed_lanes(8, **shape)
    results = []
    for members in ([lanes[5]], lanes):
        training = Training(dataset, members, seed=7)
        for record in training.run(EPOCHS):
            if record.epoch == 1:
                state, recipe = training.checkpoint(5), lanes[5].recipe
                training.adjust(5, change)
        results.append(bits(training.checkpoint(5)))
    resumed = Training(dataset, [Lane(number=5, recipe=recipe)], seed=7, start={5: state})
    resumed.adjust(5, change)
    list(resumed.run(EPOCHS))
    results.append(bits(resumed.checkpoint(5)))
    assert results[0] == results[1] == results[2]
    assert results[0] != history(dataset, [lanes[5]])[5][-1]


def test_a_fork_has_the_draws_of_its_lineage() -> None:
    case = CASES["dropout"]
    dataset, lanes = case.dataset(), mixed_lanes(6, **case.shape)
    whole = history(dataset, lanes)[4]
    fork = Lane(number=77, recipe=lanes[4].recipe, lineage=4)
    assert history(dataset, [fork, lanes[1], lanes[4]])[77] == whole
    other = Lane(number=77, recipe=lanes[4].recipe)
    assert history(dataset, [other])[77] != whole
