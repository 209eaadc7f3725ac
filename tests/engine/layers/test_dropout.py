import numpy as np
import pytest

from caviar.engine.draws import dropout_words
from caviar.engine.layers.dropout import fill_factors
from caviar.engine.training import Training
from tests.engine.cases import lane, make_clouds


@pytest.mark.parametrize("keep_prob", [0.1, 0.5, 0.86])
def test_factors_are_0_or_the_inverse_and_keep_the_mean(keep_prob: float) -> None:
    factors = np.empty((100, 501), np.float32)
    fill_factors(factors, dropout_words(0, 0, 0), keep_prob)
    assert set(np.unique(factors)) == {np.float32(0), np.float32(1 / keep_prob)}
    assert factors.mean() == pytest.approx(1.0, abs=0.03)


def test_units_and_examples_are_dropped_independently() -> None:
    factors = np.empty((100, 500), np.float32)
    fill_factors(factors, dropout_words(0, 0, 0), 0.5)
    assert np.abs(np.corrcoef(factors)[~np.eye(100, dtype=bool)]).max() < 0.25
    assert np.abs(factors.mean(axis=1) - 1).max() < 0.2


def test_draws_depend_on_seed_trial_and_epoch() -> None:
    keys = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
    drawn = [dropout_words(*key).random_raw(4).tobytes() for key in keys]
    assert len(set(drawn)) == len(keys)


def test_keep_prob_1_is_bit_identical_to_no_dropout() -> None:
    dataset = make_clouds(features=4, classes=3, examples=60)
    states = []
    for params in ({}, {"keep_prob": 1.0}, {"keep_prob": 1.0, "l2": 0.0}):
        training = Training(dataset, [lane(0, **params), lane(1, keep_prob=0.5)], seed=0)
        list(training.run(3))
        states.append(training.checkpoint(0).parameters.tobytes())
    assert len(set(states)) == 1


def test_evaluation_drops_nothing() -> None:
    dataset = make_clouds(features=4, classes=3, examples=60)
    training = Training(dataset, [lane(0, keep_prob=0.5, learning_rate=1e-30)], seed=0)
    first, second = (record.metrics[0] for record in training.run(2))
    assert first["validation_loss"] == second["validation_loss"]
    assert first["training_loss"] != second["training_loss"]


def test_keep_prob_can_change_between_epochs() -> None:
    dataset = make_clouds(features=4, classes=3, examples=60)
    training = Training(dataset, [lane(0), lane(1)], seed=0)
    list(training.run(1))
    training.adjust(0, {"keep_prob": 0.5})
    list(training.run(2))
    training.adjust(0, {"keep_prob": 1})
    *_, last = training.run(3)
    assert sorted(last.metrics) == [0, 1]
