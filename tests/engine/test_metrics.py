import numpy as np
import pytest

from caviar.engine.layers.losses import LOSSES
from caviar.engine.metrics import METRICS, MetricAccumulator, TargetStatistics, metrics_of

NO_STATISTICS = TargetStatistics(deviation=1.0, variance=0.0)


def add(
    accumulator: MetricAccumulator,
    logits: list[list[float]],
    targets: list[float],
    losses: list[float],
) -> None:
    accumulator.add(
        np.array(logits),
        np.array([targets]),
        np.array(losses),
        starts=np.array([0]),
        stops=np.array([len(targets)]),
    )


def errors(loss: str, logits: object, targets: list[int]) -> list[bool]:
    misclassified = LOSSES[loss].misclassified
    assert misclassified is not None
    values = np.array(logits)
    one_hot = np.eye(len(values))[targets].T if len(values) > 1 else np.array([targets])
    return list(misclassified(values, one_hot))


def test_the_first_of_the_largest_logits_is_predicted() -> None:
    logits = [[0, 1, 5], [2, 1, 4], [1, 0, 9]]
    assert errors("softmax_cross_entropy", logits, [1, 0, 2]) == [False, False, False]
    assert errors("softmax_cross_entropy", np.zeros((3, 3)), [1, 0, 2]) == [True, False, True]


def test_a_single_logit_above_0_predicts_class_1() -> None:
    assert errors("binary_cross_entropy", [[-1.0, 0.0, 1.0]], [0, 0, 1]) == [False] * 3
    assert errors("binary_cross_entropy", [[-1.0, 0.0, 1.0]], [1, 1, 0]) == [True] * 3


def test_a_tally_is_the_mean_over_unequal_batches() -> None:
    accumulator = MetricAccumulator(1, "binary_cross_entropy", NO_STATISTICS)
    add(accumulator, [[1.0, 1.0, 1.0]], [1, 1, 0], [1.0, 2.0, 3.0])
    add(accumulator, [[1.0]], [0], [4.0])
    metrics = accumulator.metrics("test")
    assert metrics["test_loss"] == pytest.approx([2.5])
    assert metrics["test_error"] == [0.5]
    assert metrics["test_accuracy"] == [0.5]


def test_lanes_have_separate_columns_and_gaps_are_ignored() -> None:
    accumulator = MetricAccumulator(3, "binary_cross_entropy", NO_STATISTICS)
    accumulator.add(
        np.array([[1.0, 1.0, -1.0, 9.0, 9.0]]),
        np.array([[1, 0, 1, 0, 0]]),
        np.array([1.0, 2.0, 3.0, 99.0, 99.0]),
        starts=np.array([0, 2]),
        stops=np.array([2, 3]),
    )
    accumulator.add(
        np.ones((1, 3)),
        np.ones((1, 3)),
        np.array([4.0, 5.0, 6.0]),
        starts=np.array([0, 1, 2]),
        stops=np.array([1, 2, 3]),
    )
    metrics = accumulator.metrics("x")
    assert metrics["x_loss"] == pytest.approx([7 / 3, 4, 6])
    assert metrics["x_error"] == pytest.approx([1 / 3, 1 / 2, 0])


def test_regression_metrics_are_in_the_units_of_the_target() -> None:
    accumulator = MetricAccumulator(
        1, "half_squared_error", TargetStatistics(deviation=10.0, variance=4.0)
    )
    add(accumulator, [[0.0, 0.0]], [1.0, 1.0], [0.5, 0.5])
    metrics = accumulator.metrics("test")
    assert metrics == {"test_loss": [0.5], "test_rmse": [10.0], "test_r2": [0.75]}


@pytest.mark.parametrize(("loss", "r2"), [(0.0, 1.0), (0.5, 0.0)])
def test_r2_of_a_constant_target(loss: float, r2: float) -> None:
    accumulator = MetricAccumulator(1, "half_squared_error", NO_STATISTICS)
    add(accumulator, [[0.0]], [1.0], [loss])
    assert accumulator.metrics("x")["x_r2"] == [r2]


def test_every_task_has_its_own_metrics() -> None:
    names = ("loss", "error", "accuracy")
    expected = tuple(f"{part}_{name}" for part in ("training", "validation") for name in names)
    assert metrics_of("binary") == metrics_of("multiclass") == expected
    assert metrics_of("regression")[-2:] == ("validation_rmse", "validation_r2")
    assert set(METRICS) == set(expected) | set(metrics_of("regression"))
