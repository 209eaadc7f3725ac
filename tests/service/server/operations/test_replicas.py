"""Replicas: the best settings again on fresh seeds, beside the search and not part of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import fmean, stdev
from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import Conflict, Invalid, NotFound
from caviar.service.contract.schemas import LeasedTrial, Result
from caviar.service.server.store.queries import replicas
from tests.factories.studies import external, network
from tests.fakes.searches import bowl, search, table
from tests.fakes.workers import train
from tests.tables import curve


def tell(client: Client, trials: list[LeasedTrial], value: Callable[[LeasedTrial], float]) -> None:
    """Give each trial a value."""
    results = [
        Result(number=trial.number, lease=trial.lease.token, value=value(trial)) for trial in trials
    ]
    client.tell("outside", results)


def searched(client: Client, *, trials: int = 10, **changes: Any) -> None:
    """A study that is done."""
    client.create_study(external(trials=trials, **changes))
    search(client, "outside")
    assert client.study("outside").state == "completed"


def best_numbers(client: Client, count: int) -> list[int]:
    """The best trials, before there are replicas."""
    return [trial.number for trial in client.trials("outside", sort="value", limit=count)]


def test_they_come_on_top_of_the_budget(client: Client) -> None:
    searched(client)
    best = best_numbers(client, 3)
    asked = client.replicate("outside", top=3, seeds=2)
    assert [each.number for each in asked.trials] == best
    assert [len(each.replicas) for each in asked.trials] == [2, 2, 2]
    study = client.study("outside")
    assert (study.state, study.budget["trials"], study.budget["on_top"]) == ("running", 16, 6)
    trials = {trial.number: trial for trial in client.trials("outside")}
    for each in asked.trials:
        for replica in each.replicas:
            assert trials[replica.number].params == trials[each.number].params
            assert trials[replica.number].replica_of == each.number
    leased = client.ask("outside", count=100).trials
    assert [trial.number for trial in leased] == list(range(10, 16))
    assert len({trial.seed for trial in leased}) == 6
    tell(client, leased, lambda trial: bowl(trial.params) + 1.0)
    assert client.study("outside").state == "completed"


def test_they_are_never_the_best_and_teach_of_luck_alone(client: Client) -> None:
    searched(client)
    best, importance = client.best("outside"), client.importance("outside")
    assert best is not None
    client.replicate("outside", top=2, seeds=2)
    tell(client, client.ask("outside", count=9).trials, lambda trial: -100.0)
    assert client.best("outside") == best
    after = client.importance("outside")
    assert (importance.repeats is None, after.repeats is None) == (True, False)
    aside = {"repeats", "note"}
    assert after.model_dump(exclude=aside) == importance.model_dump(exclude=aside)
    again = client.trials("outside", sort="value")
    assert [trial.replica_of for trial in again] == [None] * 10
    other = external("other", warm_start={"study": "outside"})
    assert client.create_study(other).warm_start_trials == 10


@pytest.mark.parametrize("budget", [{"trials": 30}, {"trials": 100, "epochs": 30}])
def test_the_round_goes_on_behind_them_and_the_search_is_as_long(
    client: Client, budget: dict[str, int]
) -> None:
    changes = {"sampler": {"kind": "coarse_to_fine"}, "budget": budget}
    client.create_study(external("alone", **changes))
    search(client, "alone")
    client.create_study(external(**changes))
    search(client, "outside", trials=10)
    client.replicate("outside", top=2, seeds=2)
    search(client, "outside")
    assert client.study("outside").state == "completed"
    alone = [params for _, params in table(client, "alone")]
    own = [trial.params for trial in client.trials("outside") if trial.replica_of is None]
    first = client.rounds("alone")[0].trials
    assert first > 10
    assert own[:first] == alone[:first]
    assert len(own) == len(alone) == 30


def test_no_round_waits_for_them(client: Client) -> None:
    client.create_study(external(trials=40, sampler={"kind": "coarse_to_fine"}))
    search(client, "outside", trials=5)
    client.replicate("outside", top=1, seeds=2)
    [first, second] = client.ask("outside", count=2).trials  # and they never end
    assert {first.number, second.number} == {5, 6}
    search(client, "outside")
    assert sum(trial.state == "completed" for trial in client.trials("outside")) == 40
    assert client.study("outside").state == "running"
    tell(client, [first, second], lambda trial: 1.0)
    assert client.study("outside").state == "completed"


def test_no_rung_waits_for_them(client: Client) -> None:
    searched(
        client,
        trials=9,
        objective={"kind": "external", "epochs": 9},
        pruner={"kind": "successive_halving", "eta": 3, "min_epochs": 3},
    )
    client.replicate("outside", top=1, seeds=2)
    leased = client.ask("outside", count=9).trials
    assert [(trial.start_epoch, trial.stop_epoch) for trial in leased] == [(0, 9)] * 2
    tell(client, leased, lambda trial: 50.0)
    assert {trial.state for trial in client.trials("outside", limit=99)[9:]} == {"completed"}


VERDICTS: list[tuple[list[list[float]], list[str], str]] = [
    # The best value was noise; the second holds.
    ([[3.0, 3.2, 3.1], [2.0, 2.2, 2.1]], ["too good", "holds"], "trial {1} is the best"),
    # Both hold, and the difference between them is larger than noise.
    ([[1.0, 1.1, 0.9], [2.0, 2.1, 1.9]], ["holds", "holds"], "trial {0} stays the best."),
    # They cannot be told apart.
    ([[1.0, 2.0, 0.0], [1.5, 3.0, 1.0]], ["holds", "holds"], "Trial {1} cannot be told from it"),
    ([[-3.0, -3.1, -3.2], [2.0, 2.2, 2.1]], ["too bad", "holds"], "trial {0} stays the best."),
]


@pytest.mark.parametrize(("values", "words", "note"), VERDICTS)
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_verdicts(
    client: Client, values: list[list[float]], words: list[str], note: str, direction: str
) -> None:
    sign = 1.0 if direction == "minimize" else -1.0
    client.create_study(external(trials=3, direction=direction))
    tell(client, client.ask("outside", count=3).trials, lambda t: sign * (1.0 + t.number))
    client.replicate("outside", top=2, seeds=3)
    given: Mapping[int, list[float]] = {0: list(values[0]), 1: list(values[1])}
    of = {trial.number: trial.replica_of for trial in client.trials("outside")}
    tell(
        client,
        client.ask("outside", count=9).trials,
        lambda trial: sign * given[of[trial.number] or 0].pop(0),
    )
    found = client.replicates("outside")
    assert [each.number for each in found.trials] == [0, 1]
    assert [each.verdict.split(":")[0] for each in found.trials] == words
    for each, own in zip(found.trials, values, strict=True):
        assert each.mean == pytest.approx(sign * fmean(own), rel=1e-12)
        assert each.deviation == pytest.approx(stdev(own), rel=1e-12)
    assert note.format(0, 1) in found.note


def test_replicas_without_a_value_are_told(client: Client) -> None:
    searched(client, trials=3)
    [asked] = client.replicate("outside", top=1, seeds=3).trials
    assert asked.verdict == "3 of 3 replicas are still to come"
    assert client.replicates("outside").note == "No replica has given a value yet."
    one, two, _ = client.ask("outside", count=3).trials
    lost = Result(number=one.number, lease=one.lease.token, state="diverged", reason="loss is NaN")
    client.tell("outside", [lost])
    tell(client, [two], lambda trial: 0.5)
    [found] = client.replicates("outside").trials
    assert (found.mean, found.deviation) == (0.5, None)
    assert found.verdict.startswith("uncertain: ")
    assert "1 of 3 replicas are still to come; 1 of 3 replicas diverged" in found.verdict


def test_more_of_them_get_other_seeds_and_a_setting_comes_once(client: Client) -> None:
    client.create_study(network(trials=3))
    train(client, "inside")
    best = client.best("inside")
    assert best is not None
    client.change_study("inside", trials=4)
    client.enqueue("inside", [best.params])
    train(client, "inside")
    client.replicate("inside", top=4, seeds=1)
    assert len(client.replicates("inside").trials) == 3  # of equal settings one
    winner = client.best("inside")
    assert winner is not None
    client.replicate("inside", top=1, seeds=2)
    leased = client.ask("inside", count=9).trials
    replicas = {t.number: t.replica_of for t in client.trials("inside")}
    seeds = [trial.seed for trial in leased if replicas[trial.number] == winner.number]
    assert seeds == [2, 3, 4]  # the study's own is 1


def test_a_networks_replicas_differ_by_their_seed_alone(client: Client) -> None:
    client.create_study(network(trials=2))
    train(client, "inside")
    client.replicate("inside", top=1, seeds=2)
    train(client, "inside", checkpoint_seconds=0.0)
    [found] = client.replicates("inside").trials
    numbers = [replica.number for replica in found.replicas]
    curves = [tuple(curve(client, "inside", n).values()) for n in (found.number, *numbers)]
    assert len({*curves}) == 3
    # A study of the replica's seed gives its bits: they depend on seed, number and setting alone.
    client.create_study(network("same", trials=numbers[0] + 1, seed=2))
    settings = [found.params] * (numbers[0] + 1)
    client.enqueue("same", settings)
    train(client, "same")
    assert curve(client, "same", numbers[0]) == curve(client, "inside", numbers[0])


def test_what_cannot_be_replicated(client: Client) -> None:
    with pytest.raises(NotFound):
        client.replicate("outside")
    client.create_study(external(trials=2))
    with pytest.raises(Conflict, match="no trial has completed"):
        client.replicate("outside")
    assert client.replicates("outside").trials == []
    search(client, "outside")
    client.void("outside", 0, reason="wrong data")
    client.void("outside", 1, reason="wrong data")
    revision = client.study("outside").revision
    with pytest.raises(Conflict, match="no trial has completed"):
        client.replicate("outside")
    for wrong in ({"top": 0}, {"seeds": 0}, {"top": 51}, {"seeds": 21}, {"tops": 1}):
        answer = client._http.post("/studies/outside/replicate", json=wrong)
        assert answer.status_code == 422
        assert next(iter(wrong)) in answer.json()["detail"]
    assert client.study("outside").revision == revision
    client.unvoid("outside", 0)
    client.create_study(external("ended", trials=5))
    search(client, "ended", trials=2)
    client.change_study("ended", state="stopped")
    with pytest.raises(Conflict, match="stopped"):
        client.replicate("ended")


def test_a_study_keeps_within_its_limit(client: Client, allow: Callable[..., None]) -> None:
    searched(client)
    allow(trials=12)
    with pytest.raises(Conflict, match="CAVIAR_LIMIT_TRIALS"):
        client.replicate("outside", top=3, seeds=1)
    assert len(client.replicate("outside", top=2, seeds=1).trials) == 2


@pytest.mark.both_databases
def test_asked_twice_with_one_key_they_come_once(client: Client) -> None:
    searched(client)
    for _ in range(2):
        answer = client._http.post(
            "/studies/outside/replicate", json={"top": 1}, headers={"Idempotency-Key": "k"}
        )
        assert answer.status_code == 201
    assert len(client.trials("outside")) == 13


def test_the_client_refuses_what_cannot_be(client: Client) -> None:
    searched(client)
    with pytest.raises((Invalid, ValueError)):
        client.replicate("outside", top=0)


def test_a_long_table_has_the_latest(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    searched(client)
    whole = client.replicate("outside", top=3, seeds=2)
    assert "shown" not in whole.note
    monkeypatch.setattr(replicas, "MOST_REPLICAS", 4)
    client.void("outside", 0, reason="another revision")
    cut = client.replicates("outside")
    latest = sorted(trial.number for trial in whole.trials)[1:]
    assert sorted(trial.number for trial in cut.trials) == latest
    assert "4 replicas" in cut.note
