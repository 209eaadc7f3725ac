"""Groups of leased trials: studies that were replaced or deleted, checkpoints that are gone."""

from __future__ import annotations

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import NotFound
from caviar.service.contract.states import TrialState
from caviar.service.worker.network.groups import Grouping
from caviar.service.worker.network.trainer import train as train_group
from tests.factories.studies import network
from tests.fakes.workers import train_with


def test_a_new_study_of_an_old_name_is_trained_by_its_own_definition(client: Client) -> None:
    grouping = Grouping(client, jobs=1)
    for dataset in ("wine", "moons"):
        definition = network(trials=1)
        definition["objective"]["dataset"] = dataset
        client.create_study(definition)
        [group] = grouping.of(client.ask("inside").trials)
        assert group.objective.dataset == dataset
        client.delete_study("inside")


def test_a_deleted_study_does_not_disturb_another(client: Client) -> None:
    for name in ("first", "second"):
        client.create_study(network(name, trials=2))
    leased = client.ask(None, count=4).trials
    assert {trial.study for trial in leased} == {"first", "second"}
    client.delete_study("first")
    groups = Grouping(client, jobs=1).of(leased)
    assert {group.study for group in groups} == {"second"}


def test_a_trial_whose_checkpoint_is_gone_does_not_stop_the_others(
    client: Client, each_epoch: None
) -> None:
    client.create_study(network(trials=2))
    acts = {1: lambda: [client.pause("inside", number) for number in (0, 1)]}
    train_with(client, "inside", acts)
    paused = [client.trial("inside", number).epoch for number in (0, 1)]
    for number in (0, 1):
        client.resume("inside", number)
    leased = client.ask("inside", count=2).trials
    assert [trial.start_epoch for trial in leased] == paused
    assert all(paused)
    client.rewind("inside", 0, 0)
    for group in Grouping(client, jobs=1).of(leased):
        train_group(client, group)
    assert client.trial("inside", 0).state == TrialState.PAUSED
    assert client.trial("inside", 1).epoch == 3
    [group] = Grouping(client, jobs=1).of(leased[:1])
    with pytest.raises(NotFound, match="checkpoint"):
        train_group(client, group)
