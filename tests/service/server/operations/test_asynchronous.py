"""Proposals that never wait, and a study that says so."""

from __future__ import annotations

from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import Invalid
from tests.factories.studies import external
from tests.fakes.searches import result, search

FINE = {"kind": "coarse_to_fine"}


def test_no_proposal_waits_for_the_last_results(client: Client) -> None:
    client.create_study(external("sync", trials=60, sampler=FINE))
    study = client.create_study(external(trials=60, sampler=FINE, asynchronous=True))
    assert study.asynchronous
    [warning] = client.study("outside").warnings
    assert warning.field == "asynchronous"
    assert "depends on timing" in warning.message
    [slow, *leased] = client.ask("outside", count=12).trials
    client.tell("outside", [result(trial) for trial in leased])
    client.ask("sync", count=12)
    assert client.ask("sync").trials == []
    search(client, "outside")
    assert client.study("outside").trials["completed"] == 59  # type: ignore[index]
    rounds = client.rounds("outside")
    assert len(rounds) > 2
    assert "11" in rounds[1].reason, "the next round is fitted on what has ended"
    client.tell("outside", [result(slow)])
    assert client.study("outside").state == "completed"


def test_many_workers_open_rounds_before_any_result(client: Client) -> None:
    client.create_study(external(trials=40, sampler=FINE, asynchronous=True))
    numbers = [t.number for _ in range(40) for t in client.ask("outside").trials]
    assert numbers == list(range(40))
    rounds = client.rounds("outside")
    assert [each.first_trial + each.trials for each in rounds[:-1]] == [
        each.first_trial for each in rounds[1:]
    ]


def test_the_option_of_the_sampler_means_the_study(client: Client) -> None:
    sampler = {**FINE, "asynchronous": True}
    assert client.create_study(external(sampler=sampler)).asynchronous
    assert not client.create_study(external("other")).asynchronous


@pytest.mark.parametrize("said", [True, False])
def test_two_words_that_disagree_are_refused(client: Client, said: bool) -> None:
    both = external(sampler={**FINE, "asynchronous": said}, asynchronous=not said)
    with pytest.raises(Invalid) as caught:
        client.create_study(both)
    assert caught.value.errors[0].field == "sampler.asynchronous"
    assert f"must be {str(not said).lower()}" in caught.value.errors[0].message
    assert client.create_study({**both, "asynchronous": said}).asynchronous == said


def test_what_depends_on_timing_is_said(client: Client) -> None:
    def said(name: str, **changes: Any) -> dict[str, str]:
        study = client.create_study(external(name, asynchronous=True, **changes))
        return {each.field: each.message for each in study.warnings}

    nine = {"kind": "external", "epochs": 9}
    assert "no trial of this random search waits" in said("plain")["asynchronous"]
    halving = said("halving", objective=nine, pruner={"kind": "successive_halving"})
    assert "depends on timing: each round" in halving["asynchronous"]
    assert "pruner.kind" not in halving
    first_come = said("first", objective=nine, pruner={"kind": "asynchronous"})
    assert "depends on timing: each trial" in first_come["pruner.kind"]


@pytest.mark.parametrize("wrong", [1, "yes", None])
def test_it_is_true_or_false(client: Client, wrong: object) -> None:
    with pytest.raises(Invalid) as caught:
        client.create_study(external(asynchronous=wrong))
    assert caught.value.errors[0].field == "asynchronous"


def test_what_depends_on_no_result_waits_for_none(client: Client) -> None:
    client.create_study(external(trials=10, sampler={"kind": "grid"}))
    assert len(client.ask("outside", count=10).trials) == 9
    assert len(client.ask("outside", count=10).trials) == 1, "what the grid leaves over"
    client.change_study("outside", trials=12)
    assert len(client.ask("outside", count=10).trials) == 2
    epochs = {"trials": 10, "epochs": 10}
    client.create_study(external("paid", sampler={"kind": "grid"}, budget=epochs))
    assert len(client.ask("paid", count=10).trials) == 9
    assert client.ask("paid", count=10).trials == [], "its size depends on what was spent"
