"""Budgets of epochs: estimated again before each round, the same for any workers."""

from __future__ import annotations

from typing import Any

import pytest
from alembic import command

from caviar.service.client import Client
from caviar.service.contract.schemas import Report
from caviar.service.contract.states import StudyState
from caviar.service.server.operations import leases
from caviar.service.server.store import schema
from caviar.service.server.store.database import Database, connected
from tests.factories.results import result
from tests.factories.studies import HALVING, KINDS, external, halving
from tests.fakes.callers import run_outside, value_at
from tests.fakes.clock import age_leases, age_studies
from tests.fakes.workers import train
from tests.tables import table


def test_epochs_pay_for_as_many_trials(client: Client) -> None:
    client.create_study(halving("plain", pruner={"kind": "none"}, budget={"epochs": 60}))
    client.create_study(halving("halved", budget={"epochs": 60}))
    assert client.study("plain").progress.total == 3
    assert client.study("halved").progress.total == 14  # 14 x 2 + 4 x 4 + 1 x 12 epochs
    train(client, "halved")
    assert client.study("halved").progress.epochs_trained == 56
    train(client, "plain")
    assert client.study("plain").progress.epochs_trained == 54
    client.change_study("plain", epochs=90)
    assert client.study("plain").state == StudyState.RUNNING
    train(client, "plain")
    assert client.study("plain").progress.epochs_trained == 90


@pytest.mark.slow
@pytest.mark.parametrize("pruner", KINDS, ids=lambda pruner: pruner["kind"])
@pytest.mark.parametrize("sampler", ["random", "coarse_to_fine"])
def test_epochs_that_were_saved_pay_for_more_trials(
    client: Client, pruner: dict[str, Any], sampler: str
) -> None:
    tables = []
    for seed in range(2):
        name = f"run-{seed}"
        client.create_study(
            external(
                name,
                pruner=pruner,
                budget={"trials": 100, "epochs": 150},
                sampler={"kind": sampler},
                objective={"kind": "external", "epochs": 9},
            )
        )
        assert client.study(name).progress.total >= 150 // 9
        run_outside(client, name, seed=seed)
        tables.append(table(client, name))
        spent = sum(trial.epoch for trial in client.trials(name))
        assert 150 - 9 < spent <= 150 + 9
        assert client.study(name).progress.total == len(client.trials(name)) > 150 // 9
    assert tables[0] == tables[1]


def budgeted(name: str, *, epochs: int, **changes: Any) -> dict[str, Any]:
    """A study of 18 epochs a trial, pruned at 2 and 6, with a budget of epochs."""
    return external(
        name,
        budget={"trials": 100, "epochs": epochs},
        **{"pruner": HALVING, "objective": {"kind": "external", "epochs": 18}, **changes},
    )


@pytest.mark.parametrize(
    "change", [{"seconds": 1e6}, {"trials": 90}, {"epochs": 60}, {"epochs": 62}, {"epochs": 70}]
)
def test_a_change_in_the_middle_of_a_round_never_costs_a_trial(
    client: Client, change: dict[str, Any]
) -> None:
    client.create_study(budgeted("outside", epochs=60))
    assert client.study("outside").progress.total == 14
    client.ask("outside", count=9)
    assert client.change_study("outside", **change).progress.total >= 14


def test_without_a_limit_of_epochs_trials_are_what_is_named(client: Client) -> None:
    client.create_study(budgeted("outside", epochs=60))
    client.ask("outside", count=3)
    assert client.change_study("outside", epochs=62).progress.total == 15
    answer = client._http.patch("/studies/outside", json={"budget": {"epochs": None}})
    assert answer.json()["progress"]["total"] == 100


@pytest.mark.both_databases
def test_a_study_of_before_that_ran_out_of_time_keeps_its_trials(
    client: Client, database: Database
) -> None:
    client.create_study(external("late", budget={"trials": 40, "seconds": 60}))
    [trial] = client.ask("late").trials
    client.tell("late", [result(trial)])
    age_studies(database, 61)
    leases.reap(database)
    assert client.study("late").state == StudyState.COMPLETED
    with connected(database) as connection:
        command.downgrade(schema._config(connection), "0001")
    schema.upgrade(database)
    after = client.change_study("late", seconds=1e6)
    assert (after.state, after.progress.total) == (StudyState.RUNNING, 40)


def test_a_budget_that_was_overspent_can_be_named_again(client: Client) -> None:
    client.create_study(budgeted("outside", epochs=60, sampler={"kind": "coarse_to_fine"}))
    run_outside(client, "outside", seed=1)
    first = client.trials("outside", state="completed")[0]
    client.extend("outside", first.number, 3)
    before = client.study("outside")
    after = client.change_study("outside", epochs=60, trials=200)
    assert after.progress.total == before.progress.total == len(client.trials("outside"))


@pytest.mark.parametrize("state", ["failed", "diverged"])
def test_trials_that_tell_no_epoch_are_not_for_nothing(client: Client, state: str) -> None:
    client.create_study(budgeted("outside", epochs=90, pruner={"kind": "none"}))
    while leased := client.ask("outside", count=50).trials:
        client.tell("outside", [result(each, value=None, state=state, epoch=0) for each in leased])
    assert len(client.trials("outside")) == 5
    assert client.study("outside").state == StudyState.COMPLETED


def test_how_far_a_lost_trial_came_does_not_matter(client: Client, database: Database) -> None:
    tables = []
    for name, heard in (("a", 0), ("b", 8)):
        client.create_study(
            budgeted(name, epochs=180, pruner={"kind": "none"}, sampler={"kind": "coarse_to_fine"})
        )
        while leased := client.ask(name).trials:
            [trial] = leased
            if trial.number != 3:
                value = value_at(trial.number, trial.stop_epoch)
                client.tell(name, [result(trial, value)])
                continue
            if heard:
                client.report(name, [Report(number=3, lease=trial.lease.token, epoch=heard)])
            age_leases(database, 1e6)
            leases.reap(database)
        assert client.trial(name, 3).state == "failed"
        tables.append([(row[0], row[2], row[3]) for row in table(client, name)])
    assert tables[0] == tables[1]
    assert len(tables[0]) == 10


def test_what_a_person_extends_pays_for_no_more_trials(client: Client) -> None:
    client.create_study(budgeted("outside", epochs=150, sampler={"kind": "coarse_to_fine"}))
    run_outside(client, "outside", seed=1)
    proposed = len(client.trials("outside"))
    for trial in client.trials("outside", state="completed"):
        client.extend("outside", trial.number, 2)
        assert client.study("outside").progress.total == proposed
    run_outside(client, "outside", seed=1)
    assert len(client.trials("outside")) == proposed


def test_replicas_come_on_top_of_it(client: Client) -> None:
    client.create_study(budgeted("outside", epochs=150, sampler={"kind": "coarse_to_fine"}))
    while not client.trials("outside", state="completed"):
        [trial] = client.ask("outside").trials
        client.tell("outside", [result(trial, value_at(trial.number, trial.stop_epoch))])
    client.replicate("outside", top=1, seeds=3)
    run_outside(client, "outside", seed=1)
    trials = client.trials("outside")
    own = [trial.epoch for trial in trials if trial.replica_of is None]
    assert len(trials) - len(own) == 3
    assert 150 - 18 < sum(own) <= 150 + 18
