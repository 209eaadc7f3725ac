"""Forks: children and twins go on from their parent, to the bit."""

from __future__ import annotations

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import Invalid
from caviar.service.contract.schemas import Result
from caviar.service.contract.states import StudyState, TrialState
from tests.factories.panda import losses, study
from tests.factories.studies import network
from tests.fakes.workers import train, train_with
from tests.tables import curve

pytestmark = pytest.mark.usefixtures("each_epoch")


def test_a_twin_goes_on_as_its_parent_would(client: Client, whole: dict[int, float]) -> None:
    client.create_study(study("panda"))
    train_with(client, "panda", {5: lambda: client.pause("panda", 0)})
    forked = client.fork(
        "panda", 0, children=[{"learning_rate": 0.001}, {"batch_size": 9}], twin=True, author="ana"
    )
    assert (forked.children, forked.twin) == ([1, 2], 3)
    parent = client.trial("panda", 0)
    assert (parent.state, parent.children) == (TrialState.PAUSED, [1, 2, 3])
    train(client, "panda")
    assert curve(client, "panda", 3) == whole
    assert curve(client, "panda", 1) == losses(parent.params, {5: {"learning_rate": 0.001}})
    assert curve(client, "panda", 2) == losses(parent.params, {5: {"batch_size": 9}})
    children = [client.trial("panda", number) for number in (1, 2, 3)]
    assert [(c.parent, c.lineage, c.manual) for c in children] == [(0, 0, True)] * 3
    assert children[0].params["learning_rate"] == 0.001
    twin = children[2]
    for child in children[:2]:
        assert child.value is not None
        assert twin.value is not None
        words = "helped" if child.value < twin.value else "did not help"
        assert child.comparison is not None
        assert child.comparison.startswith(f"the change {words}: validation_loss")
        assert "its twin, trial 3" in child.comparison
    assert twin.comparison is None


def test_an_earlier_epoch_forgets_what_was_adjusted_since(
    client: Client, whole: dict[int, float]
) -> None:
    client.create_study(study("panda"))
    changes = {"learning_rate": 0.001}
    train_with(client, "panda", {6: lambda: client.adjust("panda", 0, changes)})
    client.fork("panda", 0, children=[{}], epoch=6)
    client.fork("panda", 0, children=[{}], epoch=7)
    client.fork("panda", 0, children=[{"l2": 0.5}], epochs=3)
    train(client, "panda")
    params = client.trial("panda", 0).params
    assert curve(client, "panda", 1) == whole
    assert curve(client, "panda", 2) == curve(client, "panda", 0)
    expected = losses(params, {6: changes, 12: {"l2": 0.5}}, epochs=15)
    assert curve(client, "panda", 3) == expected


def test_forks_of_forks_keep_the_line(client: Client, whole: dict[int, float]) -> None:
    client.create_study(study("panda"))
    train_with(client, "panda", {3: lambda: client.pause("panda", 0)})
    client.fork("panda", 0, children=[{"l2": 0.1}])
    train(client, "panda")
    client.fork("panda", 1, children=[{"l2": 0.0}], epoch=3)
    client.fork("panda", 1, children=[{"momentum": 0.2}], epoch=8)
    train(client, "panda")
    params = client.trial("panda", 0).params
    assert client.trial("panda", 3).lineage == 0
    assert curve(client, "panda", 2) == whole
    expected = losses(params, {3: {"l2": 0.1}, 8: {"momentum": 0.2}})
    assert curve(client, "panda", 3) == expected


def test_perturbed_children_are_drawn_by_their_numbers(client: Client) -> None:
    drawn = []
    for name in ("one", "two"):
        client.create_study(study(name))
        train_with(client, name, {3: lambda name=name: client.pause(name, 0)})
        perturb = {"learning_rate": 3.0, "keep_prob": 2.0, "batch_size": 2.0}
        client.fork(name, 0, count=4, perturb=perturb)
        drawn.append([client.trial(name, number).params for number in range(1, 5)])
    assert drawn[0] == drawn[1]
    rate = client.trial("one", 0).params["learning_rate"]
    rates = [params["learning_rate"] for params in drawn[0]]
    assert len(set(rates)) == 4
    assert all(rate / 3 <= found <= 3 * rate for found in rates)
    assert all(0.6 <= params["keep_prob"] <= 0.9 for params in drawn[0])
    assert all(isinstance(params["batch_size"], int) for params in drawn[0])


def test_in_a_search_comes_on_top_of_it(client: Client) -> None:
    plain = network("plain", trials=20, sampler={"kind": "coarse_to_fine"})
    client.create_study(plain)
    train(client, "plain")
    client.create_study(plain | {"name": "forked"})
    [first] = client.ask("forked").trials
    client.tell("forked", [Result(number=0, lease=first.lease.token, state="waiting")])
    client.fork("forked", 0, children=[{"l2": 0.1}, {"l2": 0.2}])
    assert client.study("forked").progress.total == 22
    train(client, "forked")
    found = client.study("forked")
    assert found.state == StudyState.COMPLETED
    assert [trial.number for trial in client.trials("forked")] == list(range(22))
    assert [trial.parent for trial in client.trials("forked")][:4] == [None, 0, 0, None]
    settings = [trial.params for trial in client.trials("forked") if trial.parent is None]
    [size, *_] = [item.trials for item in client.rounds("plain")]
    assert settings[:size] == [trial.params for trial in client.trials("plain")][:size]
    assert client.study("forked").budget["trials"] == 22


@pytest.mark.both_databases
def test_the_same_key_forks_once(client: Client) -> None:
    client.create_study(study("panda"))
    client.ask("panda")
    headers = {"Idempotency-Key": "k"}
    answers = [
        client._http.post("/studies/panda/trials/0/fork", json={"count": 2}, headers=headers).json()
        for _ in range(2)
    ]
    assert answers[0] == answers[1] == {"children": [1, 2], "twin": None}
    assert len(client.trials("panda")) == 3


def test_a_fork_of_a_trial_on_its_way_back_leaves_where_it_will_wait(client: Client) -> None:
    definition = network(trials=1, mode="panda")
    definition["objective"]["epochs"] = 6
    client.create_study(definition)
    train(client, "inside")
    client.rewind("inside", 0, 4)  # no checkpoint is kept of it: it trains up to there
    back = client.trial("inside", 0)
    assert (back.state, back.epoch, back.stop_epoch) == (TrialState.WAITING, 0, 4)
    forked = client.fork("inside", 0, children=[{"learning_rate": 0.5}], twin=True)
    [entry] = client.trial("inside", forked.children[0]).journal
    assert entry.epoch == 4
    client.rewind("inside", 0, 3)
    with pytest.raises(Invalid, match="must be at most 3, where the trial is"):
        client.rewind("inside", 0, 4)
    train(client, "inside")
    assert client.trial("inside", 0).epoch == 3
    own, same = (curve(client, "inside", n) for n in (forked.children[0], forked.twin or 0))
    assert [own[e] == same[e] for e in range(1, 7)] == [True] * 4 + [False] * 2
