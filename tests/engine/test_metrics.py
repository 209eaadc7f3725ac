import numpy as np
import pytest

from caviar.engine.layers.losses import LOSSES
from caviar.engine.metrics import METRICS, Spread, Tally, metrics_of

NONE = Spread(deviation=1.0, variance=0.0)


def add(tally: Tally, logits: list[list[float]], targets: list[float], losses: list[float]) -> None:
    tally.add(
        np.array(logits),
        np.array([targets]),
        np.array(losses),
        starts=np.array([0]),
        stops=np.array([len(targets)]),
    )


def wrong(loss: str, logits: object, targets: list[int]) -> list[bool]:
    find = LOSSES[loss].wrong
    assert find is not None
    values = np.array(logits)
    wanted = np.eye(len(values))[targets].T if len(values) > 1 else np.array([targets])
    return list(find(values, wanted))


def test_the_largest_logit_wins_and_the_first_of_equals() -> None:
    logits = [[0, 1, 5], [2, 1, 4], [1, 0, 9]]
    assert wrong("softmax_cross_entropy", logits, [1, 0, 2]) == [False, False, False]
    assert wrong("softmax_cross_entropy", np.zeros((3, 3)), [1, 0, 2]) == [True, False, True]


def test_one_logit_is_class_1_above_0() -> None:
    assert wrong("binary_cross_entropy", [[-1.0, 0.0, 1.0]], [0, 0, 1]) == [False] * 3
    assert wrong("binary_cross_entropy", [[-1.0, 0.0, 1.0]], [1, 1, 0]) == [True] * 3


def test_a_tally_is_the_mean_over_unequal_batches() -> None:
    tally = Tally(1, "binary_cross_entropy", NONE)
    add(tally, [[1.0, 1.0, 1.0]], [1, 1, 0], [1.0, 2.0, 3.0])
    add(tally, [[1.0]], [0], [4.0])
    metrics = tally.metrics("test")
    assert metrics["test_loss"] == pytest.approx([2.5])
    assert metrics["test_error"] == [0.5]
    assert metrics["test_accuracy"] == [0.5]


def test_lanes_have_columns_of_their_own_and_gaps_count_for_nothing() -> None:
    tally = Tally(3, "binary_cross_entropy", NONE)
    tally.add(
        np.array([[1.0, 1.0, -1.0, 9.0, 9.0]]),
        np.array([[1, 0, 1, 0, 0]]),
        np.array([1.0, 2.0, 3.0, 99.0, 99.0]),
        starts=np.array([0, 2]),
        stops=np.array([2, 3]),
    )
    tally.add(
        np.ones((1, 3)),
        np.ones((1, 3)),
        np.array([4.0, 5.0, 6.0]),
        starts=np.array([0, 1, 2]),
        stops=np.array([1, 2, 3]),
    )
    metrics = tally.metrics("x")
    assert metrics["x_loss"] == pytest.approx([7 / 3, 4, 6])
    assert metrics["x_error"] == pytest.approx([1 / 3, 1 / 2, 0])


def test_regression_is_told_in_the_targets_own_units() -> None:
    tally = Tally(1, "half_squared_error", Spread(deviation=10.0, variance=4.0))
    add(tally, [[0.0, 0.0]], [1.0, 1.0], [0.5, 0.5])
    metrics = tally.metrics("test")
    assert metrics == {"test_loss": [0.5], "test_rmse": [10.0], "test_r2": [0.75]}


@pytest.mark.parametrize(("loss", "r2"), [(0.0, 1.0), (0.5, 0.0)])
def test_r2_of_a_constant_target(loss: float, r2: float) -> None:
    tally = Tally(1, "half_squared_error", NONE)
    add(tally, [[0.0]], [1.0], [loss])
    assert tally.metrics("x")["x_r2"] == [r2]


def test_every_task_has_its_metrics() -> None:
    names = ("loss", "error", "accuracy")
    expected = tuple(f"{part}_{name}" for part in ("training", "validation") for name in names)
    assert metrics_of("binary") == metrics_of("multiclass") == expected
    assert metrics_of("regression")[-2:] == ("validation_rmse", "validation_r2")
    assert set(METRICS) == set(expected) | set(metrics_of("regression"))
