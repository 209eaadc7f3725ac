import math
import tracemalloc
import warnings
from dataclasses import replace

import numpy as np
import pytest

from caviar.engine.data.library import load_dataset
from caviar.engine.errors import LaneError, RecipeError
from caviar.engine.population.population import Population
from caviar.engine.population.updates import PIECE_PARAMETERS
from caviar.engine.training import Training
from tests.engine.cases import lane, make_clouds, mixed_lanes, recipe

METRICS = [
    f"{part}_{metric}"
    for part in ("training", "validation")
    for metric in ("loss", "error", "accuracy")
]


def test_digits_are_learned() -> None:
    lanes = [
        lane(number, learning_rate=rate, hidden_units=64, batch_size=64)
        for number, rate in enumerate((0.003, 0.005, 0.01))
    ]
    training = Training(load_dataset("digits"), lanes, seed=1)
    errors = [
        [record.metrics[number]["validation_error"] for number in range(3)]
        for record in training.run(20)
    ]
    assert np.min(errors, axis=0).max() < 0.03
    assert training.test_metrics(2)["test_error"] < 0.06


@pytest.mark.parametrize("optimizer", ["gd", "momentum", "rmsprop", "adam"])
def test_every_optimizer_learns(optimizer: str) -> None:
    rate = {"gd": 0.3, "momentum": 0.3}.get(optimizer, 0.01)
    trial = lane(0, optimizer=optimizer, learning_rate=rate, hidden_units=16, batch_size=32)
    *_, last = Training(load_dataset("breast_cancer"), [trial], seed=0).run(15)
    assert last.metrics[0]["validation_error"] < 0.06
    assert last.metrics[0]["training_loss"] < 0.15


def test_records_count_epochs_and_name_metrics() -> None:
    training = Training(make_clouds(features=2, classes=3, examples=50), mixed_lanes(3), seed=0)
    records = list(training.run(2))
    assert [record.epoch for record in records] == [1, 2]
    assert [list(record.metrics[1]) for record in records] == [METRICS, METRICS]
    for values in records[1].metrics.values():
        assert all(type(value) is float for value in values.values())
        assert values["validation_accuracy"] == 1 - values["validation_error"]
    assert list(training.run(2)) == []
    assert [record.epoch for record in training.run(3)] == [3]


def test_the_loss_does_not_include_the_l2_term() -> None:
    dataset = make_clouds(features=2, classes=2, examples=50)
    lanes = [lane(0, l2=0.0, batch_size=99), lane(0, l2=50.0, batch_size=99)]
    first = [next(Training(dataset, [trial], seed=0).run(1)).metrics[0] for trial in lanes]
    assert first[0]["training_loss"] == first[1]["training_loss"]
    assert first[0]["validation_loss"] != first[1]["validation_loss"]


def test_l2_shrinks_the_weights() -> None:
    dataset = make_clouds(features=4, classes=2, examples=80)
    training = Training(dataset, [lane(0, l2=0.0), lane(1, l2=20.0)], seed=0)
    list(training.run(100))
    norms = [np.linalg.norm(training.checkpoint(number).parameters) for number in (0, 1)]
    assert norms[1] < 0.5 * norms[0]


def test_zero_initialization_keeps_units_equal() -> None:
    dataset = make_clouds(features=4, classes=3, examples=80)
    trial = lane(0, initialization="zeros", activation="tanh", hidden_units=6)
    training = Training(dataset, [trial], seed=0)
    first, *_ = training.run(5)
    block, last = trial.recipe.shape(dataset).blocks
    parameters = training.checkpoint(0).parameters
    weights, outputs = block.weights(parameters), last.weights(parameters)
    assert np.ptp(weights, axis=0).max() == 0
    assert np.ptp(outputs, axis=1).max() == 0
    assert first.metrics[0]["training_error"] > 0.5


class TestDivergence:
    @pytest.mark.parametrize("params", [{"learning_rate": 1e30}, {"learning_rate": 1e300}])
    def test_is_a_result_without_a_warning(self, params: dict[str, object]) -> None:
        dataset = make_clouds(features=3, classes=3, examples=60)
        lanes = [lane(0), lane(1, optimizer="gd", **params)]
        training = Training(dataset, lanes, seed=0)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            records = list(training.run(3))
        ends = [record for record in records if record.diverged]
        assert [list(record.diverged) for record in ends] == [[1]]
        assert ends[0].diverged[1] in {*METRICS, "parameters"}
        assert [member.number for member in training.lanes] == [0]
        assert all(map(math.isfinite, records[-1].metrics[0].values()))
        assert 1 not in records[-1].metrics or records[-1].diverged

    def test_of_all_lanes_ends_the_run(self) -> None:
        dataset = make_clouds(features=3, classes=2, examples=60)
        trial = lane(0, initialization="random", initialization_scale=1e300)
        training = Training(dataset, [trial], seed=0)
        records = list(training.run(10))
        assert len(records) == 1
        assert list(records[0].diverged) == [0]
        assert training.lanes == ()
        with pytest.raises(LaneError, match="trial 0 does not train here"):
            training.checkpoint(0)


class TestAdjust:
    def test_takes_effect_from_the_next_epoch(self) -> None:
        dataset = make_clouds(features=3, classes=3, examples=60)
        training = Training(dataset, [lane(0, optimizer="gd")], seed=0)
        run = training.run(3)
        next(run)
        before = training.checkpoint(0)
        training.adjust(0, {"learning_rate": 1e-30})
        next(run)
        after = training.checkpoint(0)
        np.testing.assert_array_equal(before.parameters, after.parameters)
        assert training.lanes[0].recipe.learning_rate == 1e-30

    def test_a_new_optimizer_is_reset(self) -> None:
        dataset = make_clouds(features=3, classes=3, examples=60)
        training = Training(dataset, [lane(0)], seed=0)
        next(training.run(1))
        training.adjust(0, {"optimizer": "rmsprop"})
        state = training.checkpoint(0)
        assert (state.epoch, state.steps) == (1, 0)
        assert list(state.slots) == ["square"]
        assert not state.slots["square"].any()

    def test_a_changed_factor_keeps_the_scaled_averages(self) -> None:
        dataset = make_clouds(features=3, classes=3, examples=60)
        training = Training(dataset, [lane(0, beta1=0.9)], seed=0)
        next(training.run(1))
        before = 0.1 * training.checkpoint(0).slots["velocity"]
        training.adjust(0, {"beta1": 0.5})
        np.testing.assert_allclose(
            0.5 * training.checkpoint(0).slots["velocity"], before, rtol=1e-6
        )

    def test_an_invalid_change_changes_nothing(self) -> None:
        training = Training(make_clouds(features=3, classes=3, examples=60), [lane(0)], seed=0)
        with pytest.raises(RecipeError, match="hidden_units: cannot change"):
            training.adjust(0, {"learning_rate": 1.0, "hidden_units": 3})
        assert training.lanes == (lane(0),)


class TestJoin:
    dataset = make_clouds(features=3, classes=3, examples=60)

    def test_a_lane_that_joins_continues_bit_for_bit(self) -> None:
        alone = Training(self.dataset, [lane(1, hidden_units=9)], seed=0)
        expected = [record.metrics[1] for record in alone.run(4)]
        paused = Training(self.dataset, [lane(1, hidden_units=9)], seed=0)
        list(paused.run(2))
        training = Training(self.dataset, [lane(0), lane(2, batch_size=7)], seed=0)
        list(training.run(2))
        training.join(lane(1, hidden_units=9), paused.checkpoint(1))
        resumed = [record.metrics[1] for record in training.run(4)]
        assert resumed == expected[2:]

    def test_a_lane_without_a_state_joins_at_epoch_0(self) -> None:
        training = Training(self.dataset, [lane(0)], seed=0)
        training.join(lane(1))
        assert [member.number for member in training.lanes] == [0, 1]
        next(training.run(1))
        with pytest.raises(LaneError, match=r"trial 2 is at epoch 0, .* 1"):
            training.join(lane(2))
        with pytest.raises(LaneError, match="trial 1 already trains"):
            training.join(lane(1))
        with pytest.raises(LaneError, match="equal depths"):
            training.join(lane(2, hidden_layers=3), training.checkpoint(0))
        assert [member.number for member in training.lanes] == [0, 1]
        assert len(list(training.run(2))) == 1

    def test_a_lane_can_join_after_all_are_dropped(self) -> None:
        training = Training(self.dataset, [lane(0)], seed=0)
        training.drop(0)
        training.join(lane(1))
        assert [list(record.metrics) for record in training.run(1)] == [[1]]


class TestRefusals:
    dataset = make_clouds(features=3, classes=3, examples=60)

    def test_incompatible_lanes_are_refused(self) -> None:
        for lanes, message in [
            ([], "at least one lane"),
            ([lane(0), lane(0)], "the same number"),
            ([lane(0), lane(1, hidden_layers=2)], "equal depths"),
        ]:
            with pytest.raises(LaneError, match=message):
                Training(self.dataset, lanes, seed=0)

    def test_states_that_do_not_fit_are_refused(self) -> None:
        training = Training(self.dataset, [lane(0), lane(1)], seed=0)
        next(training.run(1))
        state = training.checkpoint(0)
        for lanes, start in [
            ([lane(0), lane(1)], {0: state}),
            ([lane(0, optimizer="gd")], {0: state}),
            ([lane(0, hidden_units=3)], {0: state}),
        ]:
            with pytest.raises(LaneError):
                Training(self.dataset, lanes, seed=0, start=start)

    def test_an_unknown_trial_is_refused(self) -> None:
        training = Training(self.dataset, [lane(0)], seed=0)
        with pytest.raises(LaneError, match="trial 5 does not train here"):
            training.drop(5)


def test_a_checkpoint_is_a_copy() -> None:
    training = Training(make_clouds(features=3, classes=3, examples=60), [lane(0)], seed=0)
    state = training.checkpoint(0)
    before = state.parameters.copy()
    next(training.run(1))
    np.testing.assert_array_equal(state.parameters, before)
    assert state.epoch == 0


def test_numpy_settings_are_restored() -> None:
    size, errors = np.getbufsize(), np.geterr()
    run = Training(make_clouds(features=3, classes=3, examples=60), [lane(0)], seed=0).run(2)
    next(run)
    assert (np.getbufsize(), np.geterr()) == (size, errors)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"activation": "leaky_relu", "l2": 1.0},
        {"activation": "tanh", "batch_norm": True},
        {"keep_prob": 0.8},
    ],
)
def test_steps_allocate_little_memory(params: dict[str, object]) -> None:
    dataset = load_dataset("digits")
    lanes = [
        lane(number, hidden_units=128 + number % 2, hidden_layers=2, **params)
        for number in range(16)
    ]
    training = Training(dataset, lanes, seed=0)
    list(training.run(1))
    parameter_bytes = 4 * lanes[0].recipe.shape(dataset).parameters * len(lanes)
    tracemalloc.start()
    try:
        list(training.run(2))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 0.5 * parameter_bytes


def test_memory_is_proportional_to_lanes() -> None:
    dataset = load_dataset("digits")
    shape = recipe().shape(dataset)
    training = Training(dataset, [lane(0)], seed=0)
    states = [replace(training.checkpoint(0)) for _ in range(32)]
    lanes = [lane(number) for number in range(32)]
    tracemalloc.start()
    try:
        population = Population([shape] * 32, lanes, states, seed=0)
        allocated, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    scratch = 4 * PIECE_PARAMETERS
    assert allocated < 1.2 * 4 * 4 * shape.parameters * len(population) + scratch
