"""Rewinds: what came after is undone, to the bit."""

from __future__ import annotations

import pytest

from caviar.service.client import Client
from caviar.service.contract.states import StudyState, TrialState
from tests.factories.panda import EPOCHS, losses, study
from tests.fakes.workers import train, train_with
from tests.tables import curve

pytestmark = pytest.mark.usefixtures("each_epoch")


def test_rewind_undoes_what_came_after(client: Client, whole: dict[int, float]) -> None:
    client.create_study(study("panda"))
    train_with(client, "panda", {8: lambda: client.adjust("panda", 0, {"learning_rate": 0.9})})
    client.rewind("panda", 0, 6, reason="that was too much")
    train(client, "panda")  # no checkpoint of epoch 6 was there: it trains up to it, and waits
    trial = client.trial("panda", 0)
    assert (trial.state, trial.epoch, trial.stop_epoch) == (TrialState.PAUSED, 6, EPOCHS)
    assert [(e.action, e.undone) for e in trial.journal] == [("adjust", True), ("rewind", False)]
    assert curve(client, "panda", 0) == {e: whole[e] for e in range(1, 7)}
    assert trial.value == min(whole[e] for e in range(1, 7))
    assert trial.current_params == trial.params
    client.resume("panda", 0)
    train(client, "panda")
    assert curve(client, "panda", 0) == whole


def test_rewinding_a_running_trial_takes_its_lease(client: Client) -> None:
    client.create_study(study("panda"))
    train_with(client, "panda", {8: lambda: client.rewind("panda", 0, 0)})
    trial = client.trial("panda", 0)
    assert (trial.state, trial.epoch, trial.value) == (TrialState.PAUSED, 0, None)
    assert client.curve("panda", 0).epoch == []


def test_a_diverged_trial_can_be_rewound_and_helped(client: Client) -> None:
    client.create_study(study("panda"))
    train_with(client, "panda", {5: lambda: client.adjust("panda", 0, {"learning_rate": 1e30})})
    assert client.trial("panda", 0).state == TrialState.DIVERGED
    assert client.study("panda").state == StudyState.COMPLETED
    client.rewind("panda", 0, 5)
    client.resume("panda", 0)
    train(client, "panda")
    trial = client.trial("panda", 0)
    assert (trial.state, trial.epoch) == (TrialState.PAUSED, EPOCHS)
    assert curve(client, "panda", 0) == losses(trial.params, {})
