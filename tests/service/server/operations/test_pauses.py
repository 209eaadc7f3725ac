"""Trials that pause at an epoch that a person chose before."""

from __future__ import annotations

from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import Conflict, Invalid
from caviar.service.contract.schemas import Result
from caviar.service.contract.states import StudyState, TrialState
from tests.factories.panda import EPOCHS, losses, study
from tests.factories.studies import external, halving, network
from tests.fakes.workers import train, train_with
from tests.tables import curve

pytestmark = pytest.mark.usefixtures("each_epoch")

Pauses = list[dict[str, Any]]


def test_a_trial_that_waits_trains_up_to_the_epoch_and_on_to_the_same_bits(
    client: Client, whole: dict[int, float]
) -> None:
    client.create_study(study("panda", pauses=[{"trial": 0, "epoch": 3}]))
    train(client, "panda")
    trial = client.trial("panda", 0)
    assert (trial.state, trial.epoch, trial.reason) == (
        TrialState.PAUSED,
        3,
        "waits for a person",
    )
    later = client.pause("panda", 0, at=8, author="ana")  # it was paused: it trains on
    assert (later.state, later.stop_epoch, later.requested_state) == (
        TrialState.WAITING,
        8,
        "paused_at_epoch",
    )
    assert (later.journal[-1].action, later.journal[-1].epoch) == ("pause", 8)
    train(client, "panda")
    assert (client.trial("panda", 0).state, client.trial("panda", 0).epoch) == ("paused", 8)
    client.resume("panda", 0)
    train(client, "panda")
    assert curve(client, "panda", 0) == whole


def test_a_running_trial_returns_to_where_a_person_wants_it(
    client: Client, whole: dict[int, float]
) -> None:
    client.create_study(study("panda"))
    train_with(client, "panda", {5: lambda: client.pause("panda", 0, at=9)})
    waiting = client.trial("panda", 0)
    assert (waiting.state, waiting.stop_epoch) == (TrialState.WAITING, 9)
    train(client, "panda")
    paused = client.trial("panda", 0)
    assert (paused.state, paused.epoch) == (TrialState.PAUSED, 9)
    assert curve(client, "panda", 0) == {epoch: loss for epoch, loss in whole.items() if epoch <= 9}


def test_an_adjustment_on_the_way_holds_from_where_the_trial_is(client: Client) -> None:
    client.create_study(study("panda", pauses=[{"trial": 0, "epoch": 4}]))
    train(client, "panda")
    client.pause("panda", 0, at=8)
    client.adjust("panda", 0, {"learning_rate": 0.02})
    train(client, "panda")
    assert client.trial("panda", 0).journal[-1].epoch == 4
    client.resume("panda", 0)
    train(client, "panda")
    params = client.trial("panda", 0).params
    expected = losses(params, {4: {"learning_rate": 0.02}})
    assert curve(client, "panda", 0) == expected


def test_a_plain_pause_and_a_resume_take_the_epoch_back(client: Client) -> None:
    client.create_study(study("panda", pauses=[{"trial": 0, "epoch": 4}]))
    train(client, "panda")
    client.pause("panda", 0, at=8)
    paused = client.pause("panda", 0)
    assert (paused.state, paused.requested_state, paused.stop_epoch) == ("paused", None, EPOCHS)
    client.pause("panda", 0, at=8)
    resumed = client.resume("panda", 0)
    assert (resumed.state, resumed.requested_state, resumed.stop_epoch) == (
        "waiting",
        None,
        EPOCHS,
    )


def test_a_study_goes_on_without_the_trials_that_pause(client: Client) -> None:
    client.create_study(network(trials=6, pauses=[{"trial": 2, "epoch": 1}]))
    train(client, "inside")
    states = [trial.state for trial in client.trials("inside")]
    assert states == ["completed"] * 2 + ["paused"] + ["completed"] * 3
    assert client.study("inside").state == StudyState.RUNNING
    client.resume("inside", 2)
    train(client, "inside")
    assert client.study("inside").state == StudyState.COMPLETED


def test_a_pruned_study_pauses_where_it_is_told(client: Client) -> None:
    client.create_study(halving("halved", pauses=[{"trial": 4, "epoch": 5}]))
    train(client, "halved")
    trial = client.trial("halved", 4)
    assert (trial.state, trial.epoch, trial.manual) == (TrialState.PAUSED, 5, True)


def test_functions_pause_at_an_epoch_unless_they_run(client: Client) -> None:
    objective = {"kind": "external", "epochs": 9}
    client.create_study(external(objective=objective, pauses=[{"trial": 0, "epoch": 4}]))
    [trial] = client.ask("outside").trials
    assert trial.stop_epoch == 4
    with pytest.raises(Conflict, match="only networks"):
        client.pause("outside", 0, at=3)
    done = Result(number=0, lease=trial.lease.token, epoch=4, value=0.5)
    assert client.tell("outside", [done])[0].recorded
    assert client.trial("outside", 0).state == TrialState.PAUSED
    client.pause("outside", 0, at=9)
    [again] = client.ask("outside").trials
    assert (again.start_epoch, again.stop_epoch) == (4, 9)
    client.tell("outside", [Result(number=0, lease=again.lease.token, epoch=9, value=0.4)])
    assert client.trial("outside", 0).state == TrialState.PAUSED  # at its end, too


@pytest.mark.parametrize("epoch", [3, 4, EPOCHS + 1])
def test_an_epoch_that_cannot_be_reached_is_refused(client: Client, epoch: int) -> None:
    client.create_study(study("panda", pauses=[{"trial": 0, "epoch": 4}]))
    train(client, "panda")
    with pytest.raises(Invalid, match=f"epoch: must be above 4, .* at most {EPOCHS}"):
        client.pause("panda", 0, at=epoch)
    assert client.trial("panda", 0).state == TrialState.PAUSED


@pytest.mark.parametrize(
    ("pauses", "message"),
    [
        ([{"trial": 6, "epoch": 1}], r"pauses\[0\]\.trial: must be at most 5"),
        ([{"trial": 0, "epoch": 4}], r"pauses\[0\]\.epoch: must be at most 3"),
        ([{"trial": 0, "epoch": 1}, {"trial": 0, "epoch": 2}], "pauses: must name each trial once"),
        ([{"trial": 0, "epoch": 0}], r"pauses\[0\]\.epoch"),
    ],
)
def test_pauses_that_cannot_be_are_named(client: Client, pauses: Pauses, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        client.create_study(network(pauses=pauses))
