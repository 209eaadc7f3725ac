"""Directions by the names of metrics, in any spelling; unknown names require one."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from caviar.engine import metrics_of
from caviar.engine.data.datasets import TASKS
from caviar.service.contract.field_errors import field_errors
from caviar.service.contract.metric_names import direction_of
from caviar.service.contract.schemas import StudyDefinition

LARGE = """
auc roc_auc ROC-AUC AUROC f1 F1 f1_macro F1Score acc val_acc valAcc Accuracy test/accuracy top5_acc
R2 r2_score R² adjusted_r2 score reward episode_return precision recall map mAP mAP50 ndcg@10 bleu
neg_log_loss neg_mean_squared_error neg_root_mean_squared_error val_neg_loss log_likelihood IoU
meanIoU explained_variance d2_absolute_error_score negative_predictive_value samples_per_second
"""
SMALL = """
loss val_loss valLoss Loss error rmse RMSE mse mae MeanSquaredError log_loss logloss perplexity time
fit_time cost wall_time latency_ms nll neg_log_likelihood brier_score_loss error_rate WER
false_positive_rate cross_entropy train-loss seconds
"""
UNKNOWN = ["value", "objective", "metric", "y", "gizmo", "lossless_x", "", "x1", "entropy", "k"]


@pytest.mark.parametrize("name", LARGE.split())
def test_large_values_are_good(name: str) -> None:
    assert direction_of(name) == "maximize"


@pytest.mark.parametrize("name", SMALL.split())
def test_small_values_are_good(name: str) -> None:
    assert direction_of(name) == "minimize"


@pytest.mark.parametrize("name", UNKNOWN)
def test_other_names_say_nothing(name: str) -> None:
    assert direction_of(name) is None


def test_every_scorer_of_scikit_learn_is_maximized() -> None:
    from sklearn.metrics import get_scorer_names

    wrong = {name: direction_of(name) for name in get_scorer_names()}
    assert {name: way for name, way in wrong.items() if way != "maximize"} == {}


def test_every_metric_of_networks_has_a_direction() -> None:
    for task in TASKS:
        for metric in metrics_of(task):
            assert direction_of(metric) is not None


def defined(objective: dict[str, Any], **changes: Any) -> StudyDefinition:
    space = {"x": {"type": "float", "low": 0, "high": 1}}
    return StudyDefinition.model_validate(
        {"name": "a", "space": space, "objective": {"kind": "external", **objective}, **changes}
    )


def test_a_study_takes_the_direction_of_its_metric() -> None:
    assert defined({"metric": "val_acc"}).direction == "maximize"
    assert defined({"metric": "Loss"}).direction == "minimize"
    assert defined({"metric": "loss"}, direction="maximize").direction == "maximize"
    assert defined({}, direction="minimize").direction == "minimize"


@pytest.mark.parametrize(
    ("objective", "message"),
    [({"metric": "gizmo"}, '"gizmo" is no known metric'), ({}, "no metric is named")],
)
def test_a_metric_that_is_not_known_requires_a_direction(
    objective: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        defined(objective)
    [error] = field_errors(caught.value.errors())
    assert error.field == "direction"
    assert message in error.message
    assert '"minimize" or "maximize"' in error.message
