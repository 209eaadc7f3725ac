"""Settings of the user's own: numbered, trained first, counted, learned from."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import Conflict
from caviar.service.contract.schemas import AskBody, EnqueueBody, StudyDefinition
from caviar.service.server import store
from caviar.service.server.operations import enqueue, leases, studies, trials
from caviar.service.server.rules import rounds as rules
from caviar.service.server.store.database import Database
from tests.factories.studies import external
from tests.fakes.searches import result, search, table

FINE = {"kind": "coarse_to_fine"}
OWN = {"learning_rate": 0.01, "momentum": 0.99}
OTHER = {"learning_rate": 0.5, "momentum": 0.9}


def own(client: Client, name: str) -> list[int]:
    """The numbers of the enqueued trials."""
    return [trial.number for trial in client.trials(name) if trial.enqueued]


def searched(client: Client, name: str) -> list[dict[str, Any]]:
    """The settings that the search itself proposed, in order."""
    return [dict(trial.params) for trial in client.trials(name) if not trial.enqueued]


def test_enqueued_settings_are_trained_first_and_count_in_the_budget(client: Client) -> None:
    client.create_study(external(trials=20, sampler=FINE))
    before = client.study("outside").revision
    trials = client.enqueue("outside", [OWN, OTHER])
    assert [(t.number, t.state, t.params, t.round) for t in trials] == [
        (0, "waiting", OWN, 0),
        (1, "waiting", OTHER, 0),
    ]
    assert client.study("outside").revision > before
    assert [t.number for t in client.trials("outside", since=before)] == [0, 1]
    leased = client.ask("outside", count=2).trials
    assert [t.params for t in leased] == [OWN, OTHER]
    client.enqueue("outside", [OWN])
    client.tell("outside", [result(trial) for trial in leased])
    search(client, "outside")
    assert own(client, "outside") == [0, 1, 2]
    study = client.study("outside")
    assert (study.state, study.progress.finished, study.progress.total) == ("completed", 20, 20)
    rounds = client.rounds("outside")
    assert rounds[0].enqueued == 3
    assert sum(each.trials for each in rounds) == 20


@pytest.mark.parametrize("sampler", ["random", "quasi_random", "grid", "coarse_to_fine"])
@pytest.mark.parametrize("at", [0, 4])
def test_a_round_keeps_its_own_proposals(client: Client, sampler: str, at: int) -> None:
    for name in ("plain", "outside"):
        client.create_study(external(name, trials=12, sampler={"kind": sampler}))
    search(client, "plain")
    search(client, "outside", trials=at, count=2)
    client.enqueue("outside", [OWN, OTHER, OWN])
    search(client, "outside", count=3)
    assert own(client, "outside") == [at, at + 1, at + 2]
    assert searched(client, "outside") == searched(client, "plain")[:9]
    assert client.study("outside").state == "completed"
    client.change_study("outside", trials=15)
    search(client, "outside")
    assert searched(client, "outside")[: len(searched(client, "plain"))] == searched(
        client, "plain"
    )


def test_they_are_observations(client: Client) -> None:
    client.create_study(external(trials=30, sampler=FINE))
    client.enqueue("outside", [OWN])  # where the bowl is deepest
    search(client, "outside", trials=14)
    assert client.rounds("outside")[1].elites[0] == 0
    best = client.best("outside")
    assert best is not None
    assert (best.number, best.enqueued) == (0, True)


def test_exploration_trials_keep_the_numbers_that_they_got(
    database: Database, client: Client
) -> None:
    client.create_study(external(trials=60, sampler=FINE))
    search(client, "outside", trials=14)
    client.enqueue("outside", [OWN, OTHER])
    search(client, "outside", trials=15)
    client.zoom("outside", {"learning_rate": [0.001, 0.1]})
    search(client, "outside", trials=2)
    with database.read() as session:
        before = rules.standing(session, store.studies.get(session, "outside"))
    params = {one.number: one.params for one in before.observations}
    own_numbers = own(client, "outside")
    moved = 0
    for stage in before.stages:
        planned, seed = stage.planned, before.plan.definition.seed
        history = stage.as_history(before.added)
        assert all(
            history.first <= look < history.stop for look in history.proposal_data.get("looks", ())
        )
        for look, number in zip(
            planned.proposal_data.get("looks", ()),
            history.proposal_data.get("looks", ()),
            strict=False,
        ):
            proposed = before.plan.sampler.propose(
                before.plan.space, planned, seed=seed, number=look
            )
            assert params.get(number, proposed) == proposed
            assert number not in own_numbers
            moved += number != look
    assert moved, "some got other numbers than they were planned for"


def test_between_two_rounds_they_belong_to_the_one_before(client: Client) -> None:
    client.create_study(external(trials=40, sampler=FINE))
    search(client, "outside", trials=12)
    [trial] = client.enqueue("outside", [OWN])
    assert (trial.number, trial.round) == (12, 0)
    assert client.rounds("outside")[0].trials == 13
    search(client, "outside", trials=5)
    assert client.rounds("outside")[1].first_trial == 13


@pytest.mark.parametrize("sampler", ["coarse_to_fine", "random"])
def test_a_last_round_that_was_enqueued_whole_closes(client: Client, sampler: str) -> None:
    client.create_study(external(trials=4, sampler={"kind": sampler}))
    client.enqueue("outside", [OWN, OWN])
    search(client, "outside")
    [only] = client.rounds("outside")
    assert (only.state, only.trials) == ("closed", 4)


BAD: list[tuple[Any, str, str]] = [
    ({"learning_rate": 0.01}, "trials[1].params.momentum", "is missing"),
    ({**OWN, "momentum": 1.0}, "trials[1].params.momentum", "must be from"),
    ({**OWN, "learning_rate": "fast"}, "trials[1].params.learning_rate", "must be a number"),
    ({**OWN, "momentun": 0.9}, "trials[1].params.momentun", "did you mean momentum?"),
]


@pytest.mark.parametrize(("setting", "field", "message"), BAD)
def test_one_bad_setting_and_none_is_enqueued(
    client: Client, setting: Any, field: str, message: str
) -> None:
    client.create_study(external(sampler=FINE))
    before = client.study("outside")
    body = {"trials": [{"params": OWN}, {"params": setting}, {"params": {}}]}
    answer = client._http.post("/studies/outside/trials", json=body)
    assert answer.status_code == 422
    errors = {each["field"]: each["message"] for each in answer.json()["errors"]}
    assert message in errors[field]
    assert "trials[2].params.learning_rate" in errors, "every bad one is named"
    assert client.study("outside") == before
    assert client.rounds("outside") == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"trials": []}, "trials"),
        ({"trials": [{"params": OWN, "value": 1.0}]}, "trials[0].value"),
        ({"trials": [OWN]}, "trials[0].params"),
        ({"trials": [{"params": 3}]}, "trials[0].params"),
    ],
)
def test_a_body_that_is_none(client: Client, body: Any, field: str) -> None:
    client.create_study(external())
    answer = client._http.post("/studies/outside/trials", json=body)
    assert answer.status_code == 422
    assert field in [each["field"] for each in answer.json()["errors"]]
    assert client.trials("outside") == []


def test_the_budget_and_the_end_of_a_study(client: Client) -> None:
    client.create_study(external(trials=3))
    with pytest.raises(Conflict, match="room for 3 more"):
        client.enqueue("outside", [OWN] * 4)
    assert client.trials("outside") == []
    search(client, "outside")
    with pytest.raises(Conflict, match="completed"):
        client.enqueue("outside", [OWN])
    client.change_study("outside", trials=4)
    client.enqueue("outside", [OWN])
    search(client, "outside")
    assert client.study("outside").state == "completed"
    assert table(client, "outside")[3] == (3, OWN)


@pytest.mark.both_databases
def test_enqueued_and_asked_at_once_every_number_is_given_once(database: Database) -> None:
    definition = external(trials=48, sampler={"kind": "random"})
    studies.create(database, StudyDefinition.model_validate(definition))
    settings = EnqueueBody.model_validate({"trials": [{"params": OWN}, {"params": OTHER}]})

    def act(place: int) -> list[int]:
        if place % 2:
            return [t.number for t in enqueue.enqueue(database, "outside", settings).trials]
        leased = leases.ask(database, "outside", AskBody(count=3)).trials
        assert len(leased) == 3
        return []

    with ThreadPoolExecutor(8) as threads:
        given = [number for numbers in threads.map(act, range(24)) for number in numbers]
    everything = trials.all_of(database, "outside")
    assert [t.number for t in everything] == list(range(len(everything)))
    assert sorted(given) == [t.number for t in everything if t.enqueued]
    assert len(given) == 24
    drawn = [t.params for t in everything if not t.enqueued]
    assert len({t["learning_rate"] for t in drawn}) == len(drawn), "no proposal twice"


@pytest.mark.both_databases
def test_the_same_call_twice_enqueues_once(client: Client) -> None:
    client.create_study(external())
    body = {"trials": [{"params": OWN}]}
    answers = [
        client._http.post("/studies/outside/trials", json=body, headers={"Idempotency-Key": "once"})
        for _ in range(2)
    ]
    assert answers[0].status_code == 201
    assert answers[0].json() == answers[1].json()
    assert len(client.trials("outside")) == 1
