import numpy as np
import pytest

from engine.metrics import Tally, count_wrong


def test_the_largest_logit_wins_and_the_first_of_equals() -> None:
    logits = np.array([[[0, 1, 5], [2, 1, 4], [1, 0, 9]], np.zeros((3, 3))])
    assert count_wrong(logits, np.array([1, 0, 2])).tolist() == [0, 2]
    assert count_wrong(logits, np.array([0, 1, 0])).tolist() == [3, 1]


def test_one_logit_is_class_1_above_0() -> None:
    logits = np.array([[[-1.0, 0.0, 1.0]]])
    assert count_wrong(logits, np.array([0, 0, 1])).tolist() == [0]
    assert count_wrong(logits, np.array([1, 1, 0])).tolist() == [3]


def test_a_tally_is_the_mean_over_unequal_batches() -> None:
    tally = Tally(1)
    tally.add(np.array([[[1.0, 1.0, 1.0]]]), np.array([1, 1, 0]), np.array([[1.0, 2.0, 3.0]]))
    tally.add(np.array([[[1.0]]]), np.array([0]), np.array([[4.0]]))
    metrics = tally.metrics("test")
    assert metrics["test_loss"] == pytest.approx([2.5])
    assert metrics["test_error"] == [0.5]
    assert metrics["test_accuracy"] == [0.5]
