"""Trials released to the search: no round or rung waits for them in vain."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import Conflict
from caviar.service.contract.states import StudyState, TrialState
from tests.factories.studies import network
from tests.fakes.workers import train, train_with
from tests.tables import curve

NAME = "search"
EPOCHS = 8

pytestmark = pytest.mark.usefixtures("each_epoch")


def study(**changes: Any) -> dict[str, Any]:
    """A search of two small networks, with rungs at 2 and 4 of 8 epochs."""
    pruner = {"kind": "successive_halving", "min_epochs": 2}
    made = network(NAME, trials=2, **{"pruner": pruner, **changes})
    made["objective"]["epochs"] = EPOCHS
    return made


def states(client: Client) -> list[str]:
    """How the trials stand."""
    return [trial.state for trial in client.trials(NAME)]


def test_other_trials_do_not_wait_for_a_manual_one_until_it_is_released(client: Client) -> None:
    client.create_study(study() | {"budget": {"trials": 3}})
    client.ask(NAME, count=1)
    client.pause(NAME, 0)
    trial = client.trial(NAME, 0)
    assert (trial.manual, trial.requested_state, trial.state) == (
        True,
        "paused",
        TrialState.RUNNING,
    )
    train(client, NAME)
    assert sorted(states(client)[1:]) == [TrialState.COMPLETED, TrialState.PRUNED]
    back = client.resume(NAME, 0, release=True)
    assert (back.manual, back.requested_state) == (False, None)
    with pytest.raises(Conflict, match="with the search already"):
        client.resume(NAME, 0, release=True)


@pytest.mark.parametrize("pruner", ["none", "successive_halving"])
def test_given_back_on_its_way_to_where_it_was_rewound_to(client: Client, pruner: str) -> None:
    client.create_study(study(pruner={"kind": pruner}, budget={"trials": 1}))
    train(client, NAME)
    whole = curve(client, NAME, 0)
    client.rewind(NAME, 0, 3)
    train_with(client, NAME, {2: partial(client.resume, NAME, 0, release=True)})
    train(client, NAME)
    [trial] = client.trials(NAME)
    assert (trial.state, trial.epoch) == (TrialState.COMPLETED, EPOCHS)
    assert client.study(NAME).state == StudyState.COMPLETED
    assert curve(client, NAME, 0) == whole


def test_given_back_at_a_rung_it_is_not_awaited_there(client: Client) -> None:
    client.create_study(study())
    train_with(client, NAME, {2: partial(client.pause, NAME, 0)}, count=1)
    paused = client.trial(NAME, 0)
    assert (paused.state, paused.epoch) == (TrialState.PAUSED, 2)
    client.resume(NAME, 0, release=True)
    train(client, NAME)
    assert sorted(states(client)) == [TrialState.COMPLETED, TrialState.PRUNED]
    assert client.study(NAME).state == StudyState.COMPLETED


def test_given_back_while_it_waits_it_stops_at_its_rungs_again(client: Client) -> None:
    client.create_study(study())
    train_with(client, NAME, {1: partial(client.pause, NAME, 0)}, count=1)
    client.resume(NAME, 0)
    waiting = client.trial(NAME, 0)
    assert (waiting.state, waiting.stop_epoch) == (TrialState.WAITING, EPOCHS)
    assert client.resume(NAME, 0, release=True).stop_epoch == 2
    train(client, NAME)
    assert sorted(states(client)) == [TrialState.COMPLETED, TrialState.PRUNED]
