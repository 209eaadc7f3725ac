"""Trials that a function trains: rungs, checkpoints, and what a person does meanwhile."""

from __future__ import annotations

import json
from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import NotFound
from caviar.service.worker.function import trainer
from caviar.service.worker.function.tasks import FunctionTasks
from caviar.service.worker.function.trainer import train as train_trial
from tests.factories.functions import study
from tests.fakes.clients import Interrupted
from tests.fakes.functions import Processes, segment, train
from tests.objectives import reference


def test_pruned_at_rungs_and_gone_on_from_checkpoints(client: Client, processes: Processes) -> None:
    pruner = {"kind": "successive_halving", "eta": 3, "min_epochs": 3}
    client.create_study(study(trials=9, pruner=pruner))
    train(client, processes, "staged")
    trials = client.trials("outside")
    assert sorted(str(trial.state) for trial in trials) == ["completed"] * 3 + ["pruned"] * 6
    best = client.best("outside")
    assert best is not None
    begun = client.curve("outside", best.number).metrics["begun"]
    assert begun == [0.0] * 3 + [3.0] * 6  # each segment from where the one before it ended
    expected = 1.0
    for _ in range(9):
        expected = expected / 2 + best.params["learning_rate"]  # type: ignore[operator]
    assert json.loads(client.checkpoint("outside", best.number)) == [expected, 9]
    pruned = next(trial for trial in trials if trial.state == "pruned")
    with pytest.raises(NotFound, match="keeps no checkpoint"):
        client.checkpoint("outside", pruned.number)


def test_without_checkpoints_what_is_known_already_is_left_out(
    client: Client, processes: Processes
) -> None:
    pruner = {"kind": "successive_halving", "eta": 3, "min_epochs": 3}
    client.create_study(study(trials=3, pruner=pruner))
    train(client, processes, "forgetful")
    best = client.best("outside")
    assert best is not None
    assert (best.epoch, best.best_epoch) == (9, 9)
    assert client.curve("outside", best.number).epoch == list(range(1, 10))


def test_paused_by_a_person_and_resumed(
    client: Client, processes: Processes, each_report: None
) -> None:
    client.create_study(study())
    segment(client, processes, "staged", epoch=4, act=lambda: client.pause("outside", 0))
    trial = client.trial("outside", 0)
    assert (trial.state, trial.epoch) == ("paused", 4)
    assert [kept.epoch for kept in trial.checkpoints] == [4]
    client.resume("outside", 0)
    train(client, processes, "staged")
    trial = client.trial("outside", 0)
    assert (trial.state, trial.epoch, trial.attempt) == ("completed", 9, 1)
    assert client.curve("outside", 0).metrics["begun"] == [0.0] * 4 + [4.0] * 5


def test_adjusted_by_a_person(client: Client, processes: Processes, each_report: None) -> None:
    client.create_study(study())
    change = {"learning_rate": 0.5}
    segment(client, processes, "staged", epoch=4, act=lambda: client.adjust("outside", 0, change))
    trial = client.trial("outside", 0)
    assert trial.state == "completed"
    assert [(entry.epoch, entry.confirmed) for entry in trial.journal] == [(4, True)]
    losses = client.curve("outside", 0).metrics["loss"]
    rate = trial.params["learning_rate"]
    assert losses[3] == losses[2] / 2 + rate  # type: ignore[operator]
    assert losses[4] == losses[3] / 2 + 0.5  # type: ignore[operator]


def test_a_trial_that_was_cancelled_is_told_so(
    client: Client, processes: Processes, each_report: None
) -> None:
    client.create_study(study())
    segment(client, processes, "staged", epoch=4, act=lambda: client.cancel("outside", 0))
    trial = client.trial("outside", 0)
    assert (trial.state, trial.epoch) == ("cancelled", 3)
    assert processes.started[-1].is_alive  # the function returned by itself


def test_a_function_that_ignores_everything_is_ended_with_its_trial(
    client: Client, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "LOST_SECONDS", 0.0)
    client.create_study(study())
    tasks = FunctionTasks(client, reference("hangs"), lease_seconds=0.3)
    [task] = tasks.of(client.ask("outside").trials)
    client.cancel("outside", 0)
    # At the first report the lease is still valid; at a later one, which only renews it, it is not.
    brief: Any = Sparing(client)
    train_trial(client, task, brief=brief, processes=processes)
    assert client.trial("outside", 0).state == "cancelled"
    assert not processes.started[-1].is_alive


class Sparing(Interrupted):
    """A client whose first report is answered as if the trial's lease were not lost."""

    def __init__(self, inner: Client) -> None:
        super().__init__(inner, {})
        self._spared = False

    def report(self, study: str, reports: Any) -> Any:
        """Report, but for the first time; what only renews the lease does not count."""
        if not self._spared or all(report.prefetched for report in reports):
            self._spared = self._spared or not all(report.prefetched for report in reports)
            return []
        return self._client.report(study, reports)
