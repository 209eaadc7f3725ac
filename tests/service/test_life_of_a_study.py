"""One study of networks from its creation to its export, on both databases alike."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from caviar import engine
from caviar.service.client import Client
from caviar.service.contract.schemas import Report, Result
from caviar.service.contract.states import StudyState, TrialState
from caviar.service.server.operations import leases
from caviar.service.server.store.database import Database
from caviar.service.worker.network.groups import Grouping
from caviar.service.worker.network.trainer import train as train_group
from tests.factories.studies import halving
from tests.fakes.clock import age_leases
from tests.fakes.workers import train
from tests.tables import curve

NAME = "life"
BUDGET = 40


@pytest.mark.slow
@pytest.mark.both_databases
@pytest.mark.usefixtures("each_epoch")
def test_a_life(client: Client, database: Database) -> None:
    created = client.create_study(
        halving(NAME, trials=BUDGET, sampler={"kind": "coarse_to_fine"}, seed=3)
    )
    assert (created.state, created.round, created.best) == (StudyState.RUNNING, None, None)
    own = client.enqueue(NAME, [{"learning_rate": 0.05, "momentum": 0.95}])
    assert [trial.number for trial in own] == [0]

    asked_and_lost(client, database)
    told_by_hand(client)
    train_rounds(client, 1)
    taken_in_hand(client)

    zoomed = client.zoom(NAME, {"learning_rate": [0.01, 0.2]}, size=4, author="Ada")
    assert (zoomed.manual, zoomed.trials) == (True, 4)
    train(client, NAME)
    ended = client.study(NAME)
    assert ended.state == StudyState.COMPLETED
    assert ended.trials[TrialState.PRUNED] > ended.trials[TrialState.COMPLETED] > 0
    assert ended.best is not None

    replicated = client.replicate(NAME, top=1, seeds=2)
    assert [len(each.replicas) for each in replicated.trials] == [2]
    train(client, NAME)
    assert client.replicates(NAME).trials[0].replicas
    looked_at(client, ended.best.number)
    exported(client)
    client.delete_study(NAME)
    assert list(client.studies()) == []


def asked_and_lost(client: Client, database: Database) -> None:
    """A worker takes two trials, reports of one, and is lost."""
    leased = client.ask(NAME, count=2, worker="lost", lease_seconds=10).trials
    assert [trial.number for trial in leased] == [0, 1]
    assert leased[0].params == {"learning_rate": 0.05, "momentum": 0.95}
    report = Report(
        number=1, lease=leased[1].lease.token, epoch=1, metrics={"validation_loss": 2.0}
    )
    assert [decision.action for decision in client.report(NAME, [report])] == ["continue"]
    assert curve(client, NAME, 1) == {1: 2.0}
    age_leases(database, 11)
    leases.reap(database)
    assert [trial.state for trial in client.trials(NAME)] == [TrialState.WAITING] * 2
    assert client.release(NAME, [leased[1]])[0].released
    [late] = client.tell(NAME, [Result(number=1, lease=leased[1].lease.token, value=0.1)])
    assert not late.recorded


def told_by_hand(client: Client) -> None:
    """A trial diverges, as its worker reports."""
    [leased] = client.ask(NAME, count=1, worker="teller").trials
    lost = Result(
        number=leased.number, lease=leased.lease.token, state="diverged", reason="NaN in epoch 1"
    )
    assert client.tell(NAME, [lost])[0].recorded
    assert client.trial(NAME, leased.number).state == TrialState.DIVERGED


def train_rounds(client: Client, count: int) -> None:
    """Train until so many rounds are closed."""
    while sum(found.state == "closed" for found in client.rounds(NAME)) < count:
        before = client.study(NAME).revision
        train_some(client)
        assert client.study(NAME).revision > before


def train_some(client: Client) -> None:
    """Train what one ask gives."""
    for group in Grouping(client, jobs=1).of(client.ask(NAME, count=4).trials):
        train_group(client, group)


def taken_in_hand(client: Client) -> None:
    """A person extends a finished trial under an adjustment, and takes another one back."""
    [finished, *_] = client.trials(NAME, state="completed", sort="value")
    client.extend(NAME, finished.number, 2, author="Ada")
    client.adjust(NAME, finished.number, {"learning_rate": 0.001}, author="Ada", reason="finer")
    [pruned, *_] = client.trials(NAME, state="pruned", sort="number")
    client.void(NAME, pruned.number, "the wrong data", author="Ada")
    client.unvoid(NAME, pruned.number, author="Ada")
    acts = [(entry.action, entry.author) for entry in client.journal(NAME)]
    assert acts == [("extend", "Ada"), ("adjust", "Ada"), ("void", "Ada"), ("unvoid", "Ada")]
    assert client.trial(NAME, finished.number).manual


def looked_at(client: Client, best: int) -> None:
    """Pages, orders, figures, importance and the trained network."""
    everything = client.trials(NAME)
    values = [t.value for t in client.trials(NAME, sort="value") if t.value is not None]
    assert values == sorted(values)
    assert client.trials(NAME, since=client.study(NAME).revision) == []
    assert [t.number for t in everything] == list(range(len(everything)))
    importance = client.importance(NAME)
    assert importance.trials > 0
    for name in ("best_so_far", "parameters", "curves"):
        figure = client._http.get(f"/studies/{NAME}/figures/{name}")
        assert figure.json()["data"]
    assert engine.load(client.model(NAME, best)).features == 13


def exported(client: Client) -> None:
    """Both formats have every trial."""
    table: list[dict[str, Any]] = list(csv.DictReader(io.StringIO(client.export(NAME))))
    whole = json.loads(client.export(NAME, format="json"))["trials"]
    trials = client.trials(NAME)
    assert [int(row["number"]) for row in table] == [trial.number for trial in trials]
    assert [row["value"] for row in whole] == [trial.value for trial in trials]
