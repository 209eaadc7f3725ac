"""The list of trials: every order, every filter, page by page, also where few rows are read."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.contract.schemas import Result, Trial
from caviar.service.server.store.queries import trial_orders, trial_pages
from tests.assertions import assert_problem
from tests.factories.studies import MOMENTUM_SPACE, external

pytestmark = pytest.mark.both_databases

Row = dict[str, Any]

OPTIMIZER = {"type": "categorical", "choices": ["adam", "momentum"]}

COLUMNS = (
    *("number", "value", "state", "round", "epoch", "attempt", "worker"),
    *("started_at", "finished_at", "seconds", "params.learning_rate", "metrics.error"),
)
FILTERS: dict[str, tuple[dict[str, Any], Callable[[Row], bool]]] = {
    "state": (
        {"state": ["failed", "running"]},
        lambda trial: trial["state"] in ("failed", "running"),
    ),
    "value": (
        {"min_value": 1, "max_value": 2},
        lambda trial: trial["value"] is not None and 1 <= trial["value"] <= 2,
    ),
    "worker": ({"worker": "left"}, lambda trial: trial["worker"] == "left"),
    "round": ({"round": 1}, lambda trial: trial["round"] == 1),
    "parameter": (
        {"where": ["learning_rate>=0.01", "learning_rate < 0.5"]},
        lambda trial: 0.01 <= trial["params"]["learning_rate"] < 0.5,
    ),
    "choice": (
        {"where": ["optimizer=adam", "layers!=2"]},
        lambda trial: trial["params"]["optimizer"] == "adam" and trial["params"]["layers"] != 2,
    ),
    "metric": (
        {"where": ["metrics.error<0.5"]},
        lambda trial: trial["metrics"].get("error", 1.0) < 0.5,
    ),
    "tags": ({"tag": ["odd", "seen"]}, lambda trial: {"odd", "seen"} <= set(trial["tags"])),
    "note": ({"note": "LOOK"}, lambda trial: "look" in (trial["note"] or "").lower()),
    "several": (
        {"state": "completed", "tag": "odd", "where": "params.layers>1"},
        lambda trial: (
            trial["state"] == "completed"
            and "odd" in trial["tags"]
            and trial["params"]["layers"] > 1
        ),
    ),
}


@pytest.fixture
def mixed(client: Client) -> Client:
    """A client of a server with a study of trials in many states, with notes and tags."""
    space = {
        **MOMENTUM_SPACE,
        "optimizer": OPTIMIZER,
        "layers": {"type": "categorical", "choices": [1, 2, 3]},
    }
    client.create_study(external(trials=60, space=space))
    chance = random.Random(3)
    for worker in ("left", "right"):
        asked = client.ask("outside", count=24, worker=worker).trials
        results = [
            Result(
                number=trial.number,
                lease=trial.lease.token,
                state=state,
                value=float(chance.randrange(4)) if state == "completed" else None,
                epoch=chance.randrange(2),
                metrics={"error": chance.random()} if state == "completed" else {},
            )
            for trial in asked
            if (state := chance.choice(["completed", "completed", "failed", "waiting", ""]))
        ]
        client.tell("outside", results)
    enqueued = client.enqueue("outside", [asked[0].params, asked[1].params])
    client.cancel("outside", enqueued[0].number)
    notes = [
        {"number": number, "tags": ["odd", "seen"][: 1 + number % 2], "note": "a Look: " + worker}
        for number in range(1, enqueued[0].number, 3)
    ]
    response = client._http.patch("/studies/outside/trials", json={"trials": notes})
    assert all(item["stored"] for item in response.json()["trials"])
    return client


def pages(client: Client, **query: Any) -> list[Row]:
    """All rows of a list, page by page."""
    found: list[Row] = []
    token = None
    while True:
        more = {"page_token": token} if token else {}
        response = client._http.get("/studies/outside/trials", params={**query, **more})
        assert response.status_code == 200, response.text
        found += response.json()["trials"]
        token = response.json()["next_page_token"]
        if token is None:
            return found


def key(trial: Row, column: str) -> Any:
    """What a trial is sorted by."""
    name, _, rest = column.partition(".")
    if name in ("epoch", "finished_at") and trial["finished_at"] is None:
        return None
    return trial[name].get(rest) if rest else trial[name]


def in_order(trials: list[Row], sort: str) -> list[Row]:
    """The trials as a sort should have them."""
    column = sort.removeprefix("-")
    by_number = sorted(trials, key=lambda trial: trial["number"])
    keyed = [trial for trial in by_number if key(trial, column) is not None]
    bare = [trial for trial in by_number if key(trial, column) is None]
    keyed.sort(key=lambda trial: key(trial, column), reverse=sort.startswith("-"))
    return keyed if column == "value" else keyed + bare


@pytest.fixture(params=["few rows a call", "all at once"])
def reading(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether so few rows are read in a call that no study is small."""
    few: bool = request.param == "few rows a call"
    if few:
        monkeypatch.setattr(trial_orders, "SCANNED", 7)
        monkeypatch.setattr(trial_pages, "SCANNED", 7)
        monkeypatch.setattr(trial_pages, "FEW", 7)
        monkeypatch.setattr(trial_pages, "CHUNK", 3)
    return few


def test_every_order_gives_every_trial_once(mixed: Client, reading: bool) -> None:
    everything = pages(mixed)
    assert [trial["number"] for trial in everything] == list(range(len(everything)))
    for column in COLUMNS[:9] if reading else COLUMNS:
        for sort in (column, f"-{column}"):
            found = [trial["number"] for trial in pages(mixed, sort=sort, limit=4)]
            assert found == [trial["number"] for trial in in_order(everything, sort)], sort


def test_a_filter_gives_exactly_the_trials_that_pass(mixed: Client, reading: bool) -> None:
    everything = pages(mixed)
    for name, (query, passes) in FILTERS.items():
        expected = list(filter(passes, everything))
        assert expected or name == "round"
        for sort in ("number", "-number", "value", "-finished_at", "worker"):
            found = pages(mixed, **query, sort=sort, limit=5)
            assert found == in_order(expected, sort), (name, sort)
        changed = pages(mixed, **query, since=0)
        assert sorted(changed, key=lambda trial: trial["number"]) == expected, name


def test_a_row_of_the_list_is_the_trial_as_it_is(mixed: Client) -> None:
    for row in pages(mixed):
        detail = mixed._http.get(f"/studies/outside/trials/{row['number']}").json()
        assert row == {name: detail[name] for name in row}
    assert list(row) == list(Trial.model_fields)


def test_too_many_trials_are_not_sorted_by_what_no_index_has(mixed: Client, reading: bool) -> None:
    response = mixed._http.get(
        "/studies/outside/trials", params={"sort": "params.momentum", "tag": "odd"}
    )
    if reading:
        assert_problem(response, 422)
        assert response.json()["errors"][0]["field"] == "sort"
    else:
        assert response.status_code == 200


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"where": "momentun>0.9"}, "where[0]"),
    ({"where": ["momentum>0.9", "momentum>fast"]}, "where[1]"),
    ({"where": "momentum>nan"}, "where[0]"),
    ({"where": "momentum"}, "where[0]"),
    ({"where": "optimizer>adam"}, "where[0]"),
    ({"where": "optimizer=sgd"}, "where[0]"),
    ({"where": ["momentum>0"] * 11}, "where"),
    ({"min_value": "nan"}, "min_value"),
    ({"min_value": 2, "max_value": 1}, "min_value"),
    ({"sort": "speed"}, "sort"),
    ({"sort": "params.momentun"}, "sort"),
    ({"sort": "value", "since": 3}, "sort"),
    ({"tag": "a\nb"}, "tag[0]"),
    ({"sort": "worker", "page_token": "WzEsMl0"}, "page_token"),
    ({"sort": "epoch", "page_token": "WyJhIiwxXQ"}, "page_token"),
    ({"sort": "round", "page_token": "W251bGwsIDFd"}, "page_token"),
]


def test_what_cannot_be_asked_for_is_named(client: Client) -> None:
    space = {"momentum": MOMENTUM_SPACE["momentum"], "optimizer": OPTIMIZER}
    client.create_study(external(space=space))
    for query, field in REFUSED:
        response = client._http.get("/studies/outside/trials", params=query)
        assert_problem(response, 422)
        assert response.json()["errors"][0]["field"] == field, query
