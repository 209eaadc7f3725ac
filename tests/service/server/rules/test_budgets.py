"""Budgets of trials, epochs and seconds: what they pay for, and what becomes of a spent one."""

from __future__ import annotations

from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import Conflict, Invalid
from caviar.service.contract.schemas import Result
from caviar.service.contract.states import StudyState, TrialState
from caviar.service.server.operations import leases
from caviar.service.server.store.database import Database
from tests.factories.studies import external, network
from tests.fakes.clock import age_leases, age_studies
from tests.fakes.workers import train


def test_a_budget_below_what_was_proposed_is_refused(client: Client) -> None:
    client.create_study(external(trials=5))
    client.ask("outside", count=3)
    with pytest.raises(Invalid, match=r"budget\.trials: 3 trials were proposed"):
        client.change_study("outside", trials=2)
    with pytest.raises(Invalid, match=r"budget\.epochs: 3 trials .* for 3 epochs at least"):
        client.change_study("outside", epochs=2)
    assert client.study("outside").budget["trials"] == 5


def test_nothing_is_leased_once_time_is_over(client: Client) -> None:
    client.create_study(external(trials=9, budget={"trials": 9, "seconds": 1e-9}))
    [trial] = client.ask("outside").trials
    answer = client.ask("outside")
    assert (answer.trials, answer.study_state) == ([], StudyState.RUNNING)
    client.tell("outside", [Result(number=0, lease=trial.lease.token, value=1.0)])
    assert client.study("outside").state == StudyState.COMPLETED
    client.change_study("outside", seconds=1e6)
    assert client.study("outside").state == StudyState.RUNNING
    assert len(client.ask("outside", count=20).trials) == 8


def test_a_study_ends_in_time_without_an_ask(client: Client, database: Database) -> None:
    client.create_study(external(trials=9, budget={"trials": 9, "seconds": 60}))
    [first, lost] = client.ask("outside", count=2).trials
    client.tell("outside", [Result(number=0, lease=first.lease.token, value=1.0)])
    leases.reap(database)
    age_studies(database, 61)
    leases.reap(database)
    before = client.study("outside")
    assert before.state == StudyState.RUNNING  # what trains may come to its end
    age_leases(database, 1_000)
    leases.reap(database)
    after = client.study("outside")
    assert after.state == StudyState.COMPLETED
    assert after.revision > before.revision
    assert client.trial("outside", lost.number).state == TrialState.WAITING
    leases.reap(database)
    assert client.study("outside").revision == after.revision


@pytest.mark.both_databases
@pytest.mark.parametrize("caller", ["an ask", "the reaper"])
def test_noticing_that_time_is_over_raises_the_revision(
    client: Client, database: Database, caller: str
) -> None:
    client.create_study(external(trials=9, budget={"trials": 9, "seconds": 60}))
    [trial] = client.ask("outside").trials
    client.tell("outside", [Result(number=0, lease=trial.lease.token, value=1.0)])
    age_studies(database, 61)
    before = client.study("outside")
    if caller == "an ask":
        assert client.ask("outside").study_state == StudyState.COMPLETED
    else:
        leases.reap(database)
    after = client.study("outside")
    assert (before.state, after.state) == (StudyState.RUNNING, StudyState.COMPLETED)
    assert after.revision > before.revision


@pytest.mark.parametrize(
    "budget", [{"epochs": 0}, {"seconds": 0}, {"trials": 0}, {"epochs": 1.5}, {"minutes": 3}]
)
def test_impossible_ones_are_problems(client: Client, budget: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match=r"budget\."):
        client.create_study(external(budget=budget))
    client.create_study(external())
    answer = client._http.patch("/studies/outside", json={"budget": budget})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].startswith("budget.")


def test_a_study_whose_time_is_over_takes_no_more_to_train(
    client: Client, database: Database
) -> None:
    client.create_study(network(trials=2, budget={"trials": 2, "seconds": 3600}))
    train(client, "inside")
    client.change_study("inside", trials=3)
    client.ask("inside")
    age_studies(database, 3601)
    for act in (
        lambda: client.fork("inside", 0, epoch=0, children=[{"learning_rate": 0.1}]),
        lambda: client.rewind("inside", 0, 0),
        lambda: client.extend("inside", 0, 1),
        lambda: client.replicate("inside", top=1, seeds=1),
    ):
        with pytest.raises(Conflict, match="seconds of the study's budget are over"):
            act()
    assert [trial.number for trial in client.trials("inside")] == [0, 1, 2]
    client.change_study("inside", seconds=7200)
    client.extend("inside", 0, 1)
