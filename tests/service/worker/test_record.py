"""Records of trials: the points of their curves, thinned, with the best."""

from __future__ import annotations

import pytest

from caviar.service.client import Client
from caviar.service.contract.schemas import Best
from caviar.service.worker.function.tasks import FunctionTasks
from caviar.service.worker.record import Record
from tests.factories.functions import study


@pytest.mark.parametrize(("epochs", "most"), [(10, 10), (1_000, 1_000), (5_000, 1_001)])
def test_curves_are_thinned_and_the_best_is_not(client: Client, epochs: int, most: int) -> None:
    client.create_study(study(epochs=epochs))
    [task] = FunctionTasks(client, "x:y", lease_seconds=60).of(client.ask("outside").trials)
    record = Record(task, task.trial)
    best = epochs - 1
    for epoch in range(1, epochs + 1):
        record.note(epoch, {"loss": float(epoch != best)})
    reported = [report.epoch for report in record.take() if report.metrics]
    assert len(reported) <= most
    assert {1, epochs} <= set(reported)
    assert record.best == Best(value=0.0, epoch=best, metrics={"loss": 0.0})


def test_metrics_that_come_after_their_report_are_reported_too(client: Client) -> None:
    client.create_study(study())
    [task] = FunctionTasks(client, "x:y", lease_seconds=60).of(client.ask("outside").trials)
    record = Record(task, task.trial)
    record.note(3, {"loss": 0.5})
    assert [report.metrics for report in record.take()] == [{"loss": 0.5}]
    record.note(3, {"accuracy": 0.9})
    assert [report.metrics for report in record.take()] == [{"loss": 0.5, "accuracy": 0.9}]
    assert [report.metrics for report in record.take()] == [{}]


@pytest.mark.parametrize("start", [0, 700])
def test_the_points_of_a_curve_do_not_depend_on_where_its_segments_begin(
    client: Client, start: int
) -> None:
    client.create_study(study(epochs=2_500))
    [task] = FunctionTasks(client, "x:y", lease_seconds=60).of(client.ask("outside").trials)
    record = Record(task, task.trial.model_copy(update={"start_epoch": start}))
    for epoch in range(start + 1, 1_000):
        record.note(epoch, {"loss": 1.0})
    points = [report.epoch for report in record.take() if report.metrics]
    assert [epoch for epoch in points if epoch > 700] == list(range(702, 1_000, 3))
