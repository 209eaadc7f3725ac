"""What a function does is the result of its trial."""

from __future__ import annotations

from pathlib import Path

import pytest

from caviar.service.client import Client
from caviar.service.worker.function.tasks import FunctionTasks
from caviar.service.worker.function.trainer import train as train_trial
from tests.factories.functions import study
from tests.fakes.functions import Processes, train

RAISING = ("raises", "out_of_memory", "quits", "late")


@pytest.mark.parametrize(
    ("function", "state", "value", "epoch", "says"),
    [
        ("number", "completed", 0.5, 9, None),
        ("metrics", "completed", 0.25, 9, None),
        ("other_metrics", "failed", None, 0, "without 'loss'"),
        ("nothing", "failed", None, 0, "reported no 'loss'"),
        ("text", "failed", None, 0, "must return a number"),
        ("nan", "diverged", None, 2, "returned nan"),
        ("infinite_report", "diverged", None, 2, "loss became NaN or infinite in epoch 2"),
        ("raises", "failed", None, 0, "no such thing␀ in trial 0 ?"),
        ("out_of_memory", "failed", None, 0, "MemoryError"),
        ("quits", "failed", None, 0, "SystemExit: enough"),
        ("late", "failed", None, 0, "epoch 10 cannot be reported"),
    ],
)
def test_what_a_function_does_is_a_result(
    client: Client,
    processes: Processes,
    function: str,
    state: str,
    value: float | None,
    epoch: int,
    says: str | None,
) -> None:
    client.create_study(study())
    train(client, processes, function)
    [trial] = client.trials("outside")
    assert (trial.state, trial.value, trial.epoch) == (state, value, epoch)
    assert (trial.reason is None) if says is None else (says in (trial.reason or ""))
    assert client.study("outside").state == "completed"
    # Only a function that raised has another process for its next trial.
    assert len(processes.started) == (2 if function in RAISING else 1)


def test_returned_metrics_are_kept_if_they_are_numbers(
    client: Client, processes: Processes
) -> None:
    client.create_study(study())
    train(client, processes, "metrics")
    assert client.trials("outside")[0].metrics == {"loss": 0.25, "accuracy": 0.9}


@pytest.mark.parametrize(("rule", "epoch"), [("best", 3), ("last", 9)])
def test_without_a_value_the_reports_decide(
    client: Client, processes: Processes, tmp_path: Path, rule: str, epoch: int
) -> None:
    file = tmp_path / "valley.py"
    file.write_text(
        "def train(trial):\n"
        "    for epoch in range(1, 10):\n"
        "        trial.report(epoch, loss=abs(epoch - 3.0))\n"
        "        trial.report(epoch, twice=2 * epoch)\n"
    )
    client.create_study(study(objective={"value": rule}))
    tasks = FunctionTasks(client, f"{file}:train", lease_seconds=60)
    [task] = tasks.of(client.ask("outside").trials)
    train_trial(client, task, brief=client, processes=processes)
    [trial] = client.trials("outside")
    assert (trial.value, trial.best_epoch) == (abs(epoch - 3.0), epoch)
    assert trial.metrics == {"loss": abs(epoch - 3.0), "twice": 2.0 * epoch}
    curve = client.curve("outside", 0)
    assert curve.epoch == list(range(1, 10))
    assert curve.metrics["twice"] == [2.0 * epoch for epoch in range(1, 10)]
