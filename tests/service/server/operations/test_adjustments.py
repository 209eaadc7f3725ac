"""Adjustments: from which epoch they hold, to the bit, whichever worker is lost."""

from __future__ import annotations

from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.contract.states import TrialState
from caviar.service.server.operations import leases
from caviar.service.server.store.database import Database
from tests.factories.panda import losses, study
from tests.fakes.clock import age_leases
from tests.fakes.workers import train, train_with
from tests.tables import curve

pytestmark = pytest.mark.usefixtures("each_epoch")


@pytest.mark.parametrize(
    "changes",
    [
        {"learning_rate": 0.001},
        {"batch_size": 7, "momentum": 0.5},
        {"keep_prob": 0.5, "l2": 0.1},
        {"optimizer": "adam", "decay": "exponential", "decay_rate": 0.9},
    ],
)
def test_an_adjustment_holds_from_the_epoch_that_was_reported(
    client: Client, whole: dict[int, float], changes: dict[str, Any]
) -> None:
    client.create_study(study("panda"))
    train_with(
        client,
        "panda",
        {4: lambda: client.adjust("panda", 0, changes, author="ana", reason="to see")},
    )
    trial = client.trial("panda", 0)
    [entry] = trial.journal
    assert (entry.action, entry.epoch, entry.author, entry.reason) == ("adjust", 4, "ana", "to see")
    assert entry.confirmed
    assert entry.detail["new"] == changes
    assert entry.detail["old"].keys() == changes.keys()
    assert trial.current_params == {**trial.params, **changes}
    found = curve(client, "panda", 0)
    assert found == losses(trial.params, {4: changes})
    assert {e: found[e] for e in range(1, 5)} == {e: whole[e] for e in range(1, 5)}
    assert found[5] != whole[5]


@pytest.mark.parametrize("is_lost", [True, False])
def test_an_adjusted_trial_whose_lease_ran_out_ends_with_the_same_bits(
    client: Client, database: Database, is_lost: bool
) -> None:
    client.create_study(study("panda"))

    def adjust() -> None:
        client.adjust("panda", 0, {"learning_rate": 0.02})
        client.adjust("panda", 0, {"learning_rate": 0.002, "momentum": 0.5})

    def be_late() -> None:
        age_leases(database, 100)
        leases.reap(database)
        if is_lost:  # another one takes the trial, and does not train it
            client.release("panda", client.ask("panda").trials)

    train_with(client, "panda", {3: adjust, 7: be_late})
    if is_lost:
        assert client.trial("panda", 0).state == TrialState.WAITING
        assert client.trial("panda", 0).epoch == 0
        train(client, "panda")
    assert client.trial("panda", 0).state == TrialState.PAUSED
    expected = {3: {"learning_rate": 0.002, "momentum": 0.5}}
    assert curve(client, "panda", 0) == losses(client.trial("panda", 0).params, expected)


def test_of_two_adjustments_at_one_epoch_the_later_holds_whichever_was_settled_first(
    client: Client, database: Database
) -> None:
    client.create_study(study("panda"))
    client.ask("panda")
    client.adjust("panda", 0, {"learning_rate": 0.02, "momentum": 0.5})  # its worker shall say when
    age_leases(database, 100)
    leases.reap(database)
    client.adjust("panda", 0, {"learning_rate": 0.002})  # from where it waits
    train(client, "panda")
    changed = client.trial("panda", 0).params | {"learning_rate": 0.002, "momentum": 0.5}
    assert curve(client, "panda", 0) == losses(changed, {})


def test_an_adjustment_while_it_trains_again_holds_where_it_was_sent_back_to(
    client: Client,
) -> None:
    client.create_study(study("panda"))
    train(client, "panda")
    client.rewind("panda", 0, 6)
    client.adjust("panda", 0, {"learning_rate": 0.001})
    client.resume("panda", 0)
    train(client, "panda")
    trial = client.trial("panda", 0)
    assert [e.epoch for e in trial.journal if e.action == "adjust"] == [6]
    assert curve(client, "panda", 0) == losses(trial.params, {6: {"learning_rate": 0.001}})
