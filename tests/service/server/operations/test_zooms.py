"""Manual zooms: what becomes of the rest of a round, and how to undo one."""

from __future__ import annotations

import random
from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import Conflict, NotFound
from caviar.service.contract.schemas import AskBody, Round, StudyDefinition, ZoomBody
from caviar.service.server.operations import leases, studies, zooms
from caviar.service.server.store.database import Database
from tests.factories.studies import external
from tests.fakes.searches import result, search, table

BOX = {"learning_rate": [0.001, 0.1]}
FINE = {"kind": "coarse_to_fine"}


def create(client: Client, name: str = "outside", **changes: Any) -> None:
    """A study that goes from coarse to fine."""
    client.create_study(external(name, **{"trials": 60, "sampler": FINE, **changes}))


def spans(rounds: list[Round]) -> list[tuple[int, int]]:
    """First trial and number of trials of each round."""
    return [(each.first_trial, each.trials) for each in rounds]


def test_a_zoom_cuts_the_round_and_draws_from_the_box(client: Client) -> None:
    create(client)
    search(client, "outside", trials=15)
    before = client.study("outside").revision
    zoomed = client.zoom(
        "outside", BOX, size=10, author="Ada", reason="smooth <b>here</b>, at last"
    )
    assert (zoomed.number, zoomed.first_trial, zoomed.trials) == (2, 15, 10)
    assert zoomed.manual
    assert zoomed.reason.startswith("Manual zoom (Ada): learning_rate from 0.001 to 0.1.")
    assert zoomed.reason.endswith("“smooth <b>here</b>, at last”")
    assert zoomed.ranges["learning_rate"] == [0.001, 0.1]
    assert client.study("outside").revision > before
    rounds = client.rounds("outside")
    assert spans(rounds) == [(0, 12), (12, 3), (15, 10)]
    assert [each.manual for each in rounds] == [False, False, True]
    assert rounds[1].reason.endswith(" A manual zoom cut it short, at 3 of 8.")
    assert [each for each in rounds if "cut" in each.reason] == [rounds[1]]
    search(client, "outside")
    drawn = [t.params["learning_rate"] for t in client.trials("outside") if t.round == 2]
    assert len(drawn) == 10
    assert all(0.001 <= float(rate) <= 0.1 for rate in drawn)
    assert sum(trials for _, trials in spans(client.rounds("outside"))) == 60
    assert client.study("outside").state == "completed"


def test_a_round_is_closed_when_its_trials_have_ended(client: Client) -> None:
    create(client)
    leased = client.ask("outside", count=5).trials
    client.zoom("outside", BOX)
    assert [each.state for each in client.rounds("outside")] == ["open", "open"]
    client.tell("outside", [result(trial) for trial in leased])
    assert [each.state for each in client.rounds("outside")] == ["closed", "open"]


@pytest.mark.parametrize("sampler", ["random", "quasi_random", "grid", "coarse_to_fine"])
def test_every_sampler_zooms(client: Client, sampler: str) -> None:
    create(client, sampler={"kind": sampler}, trials=30)
    search(client, "outside", trials=5)
    zoomed = client.zoom("outside", {"momentum": [0.99, 0.995]})
    assert zoomed.reason.startswith("Manual zoom: momentum from 0.99 to 0.995.")
    search(client, "outside")
    drawn = [t.params["momentum"] for t in client.trials("outside") if t.round == zoomed.number]
    assert drawn
    assert all(0.99 <= float(momentum) <= 0.995 for momentum in drawn)


def test_a_zoom_before_the_first_trial(client: Client) -> None:
    create(client)
    assert client.zoom("outside", BOX).number == 0
    again = client.zoom("outside", {"momentum": [0.9, 0.95]}, size=7)
    assert (again.number, again.first_trial, again.trials) == (0, 0, 7)
    assert len(client.rounds("outside")) == 1, "a zoom that has not started is replaced"


def test_undo_brings_the_rest_of_the_round_back(client: Client) -> None:
    create(client, "plain")
    search(client, "plain")
    create(client)
    search(client, "outside", trials=15)
    client.zoom("outside", BOX)
    client.zoom("outside", {"momentum": [0.9, 0.95]})
    left = client.undo_round("outside")
    assert spans(left) == spans(client.rounds("plain"))[:2]
    search(client, "outside")
    assert table(client, "outside") == table(client, "plain")


def test_undo_of_what_has_started_is_a_conflict(client: Client) -> None:
    create(client)
    with pytest.raises(Conflict, match="no round yet"):
        client.undo_round("outside")
    search(client, "outside", trials=15)
    client.zoom("outside", BOX)
    client.ask("outside")
    before = client.study("outside"), client.rounds("outside")
    with pytest.raises(Conflict, match="round 2 has started: it has 1 trial already; zoom"):
        client.undo_round("outside")
    assert (client.study("outside"), client.rounds("outside")) == before
    client.enqueue("outside", [{"learning_rate": 0.01, "momentum": 0.95}])
    with pytest.raises(Conflict, match="it has 2 trials already, 1 of them added by persons"):
        client.undo_round("outside")
    with pytest.raises(NotFound):
        client.undo_round("none")


@pytest.mark.both_databases
def test_a_key_makes_zoom_and_undo_happen_once(client: Client) -> None:
    create(client)
    search(client, "outside", trials=15)
    path, body = "/studies/outside/rounds", {"box": BOX, "size": 5}
    keyed = {"headers": {"Idempotency-Key": "zoom"}}
    first = client._http.post(path, json=body, **keyed)
    assert first.status_code == 201
    search(client, "outside", trials=5)
    assert client._http.post(path, json=body, **keyed).json() == first.json()
    assert client._http.post(path, json={"box": BOX}, **keyed).status_code == 409
    assert len(client.rounds("outside")) == 3
    client.zoom("outside", BOX)
    undone = [
        client._http.post(f"{path}/undo", headers={"Idempotency-Key": "undo"}) for _ in range(2)
    ]
    assert [answer.status_code for answer in undone] == [200, 200]
    assert undone[0].json() == undone[1].json()
    assert len(client.rounds("outside")) == 3


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"box": {}}, "box", "must not be empty"),
    ({"box": BOX, "author": ""}, "author", "must not be empty"),
    ({"box": BOX, "reason": "a" * 501}, "reason", "at most 500 characters"),
    ({"box": {"learning": [0.1, 1]}}, "box.learning", "did you mean learning_rate?"),
    ({"box": {"learning_rate": [0.1, 7]}}, "box.learning_rate", "must be from 0.0001 to 1"),
    ({"box": {"learning_rate": [0.1, 0.01]}}, "box.learning_rate", "must be below"),
    ({"box": {"learning_rate": "wide"}}, "box.learning_rate", "a low and a high end"),
    ({"box": {"optimizer": ["adam", "gd"]}}, "box.optimizer", "unordered"),
    ({"box": BOX, "size": 0}, "size", "greater than or equal to 1"),
    ({"box": BOX, "size": 46}, "size", "at most 45"),
    ({"box": BOX, "why": "?"}, "why", "unknown field"),
    ({"box": BOX, "author": "a\u0000"}, "author", "NUL character"),
    ({}, "box", "is missing"),
]


@pytest.mark.parametrize(("body", "field", "message"), BAD)
def test_a_bad_zoom_changes_nothing(
    client: Client, body: dict[str, Any], field: str, message: str
) -> None:
    definition = external(trials=60, sampler=FINE)
    definition["space"]["optimizer"] = {"type": "categorical", "choices": ["adam", "gd"]}
    client.create_study(definition)
    search(client, "outside", trials=15)
    before = client.study("outside"), client.rounds("outside")
    answer = client._http.post("/studies/outside/rounds", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    [error] = answer.json()["errors"]
    assert error["field"] == field
    assert message in error["message"]
    assert (client.study("outside"), client.rounds("outside")) == before


def test_a_study_that_has_ended_is_not_steered(client: Client) -> None:
    create(client, trials=5)
    search(client, "outside")
    create(client, "stopped")
    client.change_study("stopped", state="stopped")
    for name, why in (("outside", "completed"), ("stopped", "stopped")):
        with pytest.raises(Conflict, match=why):
            client.zoom(name, BOX)
        with pytest.raises(Conflict, match=why):
            client.undo_round(name)
    create(client, "used", trials=5)
    client.ask("used", count=5)
    with pytest.raises(Conflict, match="room for 0 more"):
        client.zoom("used", BOX)


def test_after_a_zoom_the_same_trials_follow_for_any_number_of_workers(client: Client) -> None:
    tables = []
    for workers in (1, 2, 7):
        name = f"by-{workers}"
        create(client, name, trials=40)
        search(client, name, trials=14, count=7)
        client.zoom(name, BOX, size=9)
        outstanding: list[Any] = []
        chance = random.Random(workers)
        while client.study(name).state == "running":
            outstanding += client.ask(name, count=workers).trials
            chance.shuffle(outstanding)
            client.tell(name, [result(outstanding.pop())])
        tables.append(table(client, name))
    assert tables[0] == tables[1] == tables[2]


@pytest.mark.both_databases
def test_a_search_that_moves_on_is_held_still(database: Database, monkeypatch: Any) -> None:
    definition = external(trials=60, sampler=FINE)
    studies.create(database, StudyDefinition.model_validate(definition))
    planned = zooms._plan
    asked: list[int] = []

    def interrupted(*args: Any) -> Any:
        found = planned(*args)
        if len(asked) < zooms.MAX_TRIES:  # another worker is faster, each time
            leased = leases.ask(database, "outside", AskBody(count=1)).trials
            asked.append(leased[0].number)
        return found

    monkeypatch.setattr(zooms, "_plan", interrupted)
    zoomed = zooms.zoom(database, "outside", ZoomBody(box=BOX))
    assert asked == [0, 1, 2]
    assert zoomed.first_trial == 3
