"""Readers: changes by revision, pages, ETags, idempotent calls."""

from __future__ import annotations

import base64
import json
import random

import httpx
import pytest

from caviar.service.client import Client
from caviar.service.contract.schemas import Report, Result
from tests.assertions import assert_problem
from tests.factories.studies import external

pytestmark = pytest.mark.both_databases


def post(client: Client, path: str, body: object, key: str) -> httpx.Response:
    """A POST with an Idempotency-Key."""
    return client._http.post(path, json=body, headers={"Idempotency-Key": key})


def test_a_reader_who_follows_revisions_has_the_same_table(client: Client) -> None:
    client.create_study(external(trials=30))
    chance = random.Random(1)
    copy: dict[int, object] = {}
    revision, outstanding = 0, []
    for _ in range(40):
        outstanding += client.ask("outside", count=chance.randint(0, 3) or 1).trials
        chance.shuffle(outstanding)
        if outstanding and chance.random() < 0.7:
            trial = outstanding.pop()
            result = Result(number=trial.number, lease=trial.lease.token, value=chance.random())
            client.tell("outside", [result])
        elif outstanding:
            trial = outstanding[-1]
            report = Report(
                number=trial.number, lease=trial.lease.token, epoch=1, metrics={"loss": 1.0}
            )
            client.report("outside", [report])
        changed = client.trials("outside", since=revision)
        assert all(trial.revision > revision for trial in changed)
        assert [t.revision for t in changed] == sorted(t.revision for t in changed)
        copy |= {trial.number: trial for trial in changed}
        revision = client.study("outside").revision
    assert copy == {trial.number: trial for trial in client.trials("outside")}
    assert client.trials("outside", since=revision) == []


def test_pages_give_every_trial_once_in_every_order(client: Client) -> None:
    client.create_study(external(trials=25))
    trials = client.ask("outside", count=25).trials
    results = [
        Result(number=t.number, lease=t.lease.token, value=float(t.number % 4)) for t in trials
    ]
    client.tell("outside", results)
    for sort in ("number", "-number", "value", "-value"):
        seen: list[tuple[float, int]] = []
        token = None
        while True:
            query = {"limit": 4, "sort": sort} | ({"page_token": token} if token else {})
            page = client._http.get("/studies/outside/trials", params=query).json()
            seen += [(row["value"], row["number"]) for row in page["trials"]]
            token = page["next_page_token"]
            if token is None:
                break
        assert sorted(number for _, number in seen) == list(range(25))
        index = 0 if sort.endswith("value") else 1
        ordered = [row[index] for row in seen]
        assert ordered == sorted(ordered, reverse=sort.startswith("-"))


def test_studies_are_paged_from_the_newest(client: Client) -> None:
    names = [f"study-{i}" for i in range(5)]
    for name in names:
        client.create_study(external(name))
    first = client._http.get("/studies", params={"limit": 2}).json()
    assert [study["name"] for study in first["studies"]] == ["study-4", "study-3"]
    assert [study.name for study in client.studies()] == names[::-1]


def test_an_unchanged_study_answers_304(client: Client) -> None:
    client.create_study(external())
    for path in ("/studies/outside", "/studies/outside/trials?since=1"):
        etag = client._http.get(path).headers["etag"]
        again = client._http.get(path, headers={"If-None-Match": etag})
        assert (again.status_code, again.content) == (304, b"")
        client.ask("outside")
        changed = client._http.get(path, headers={"If-None-Match": etag})
        assert changed.status_code == 200


@pytest.mark.parametrize("path", ["/studies/outside/ask", "/ask"])
def test_the_same_ask_twice_gives_the_same_trials(client: Client, path: str) -> None:
    client.create_study(external())
    body = {"count": 2} | ({"objective": "external"} if path == "/ask" else {})
    first = post(client, path, body, "once")
    second = post(client, path, body, "once")
    assert first.json() == second.json()
    assert len(client.trials("outside")) == 2
    third = post(client, path, body, "another")
    assert [t["number"] for t in third.json()["trials"]] == [2, 3]


def test_the_same_create_and_the_same_tell_twice_happen_once(client: Client) -> None:
    assert post(client, "/studies", external(), "create").status_code == 201
    assert post(client, "/studies", external(), "create").status_code == 201
    [trial] = client.ask("outside").trials
    body = {"results": [{"number": 0, "lease": trial.lease.token, "value": 0.5}]}
    answers = [post(client, "/studies/outside/tell", body, "tell").json() for _ in range(3)]
    assert answers[0]["results"] == [
        {"number": 0, "recorded": True, "keep": False, "problem": None}
    ]
    assert answers[0] == answers[1] == answers[2]


def test_a_key_used_with_another_body_is_a_conflict(client: Client) -> None:
    assert post(client, "/studies", external(), "key").status_code == 201
    assert post(client, "/studies", external("other"), "key").status_code == 409
    assert [study.name for study in client.studies()] == ["outside"]


def test_the_export_holds_the_whole_table(client: Client) -> None:
    client.create_study(external(trials=3))
    [trial] = client.ask("outside").trials
    client.tell("outside", [Result(number=0, lease=trial.lease.token, value=1 / 3)])
    lines = client._http.get("/studies/outside/export?format=csv").text.splitlines()
    assert lines[0].startswith("number,state,value")
    assert lines[1].startswith("0,completed,0.3333333333333333")
    exported = client._http.get("/studies/outside/export?format=json").json()
    assert exported["trials"][0]["value"] == 1 / 3


def test_an_ask_that_must_wait_says_how_long(client: Client) -> None:
    sampler = {"kind": "coarse_to_fine"}
    client.create_study(external(trials=40, sampler=sampler))
    first = client.ask("outside", count=1000).trials
    assert 0 < len(first) < 40
    response = client._http.post("/studies/outside/ask", json={})
    assert response.json() == {"trials": [], "study_state": "running"}
    assert int(response.headers["retry-after"]) >= 1
    results = [Result(number=t.number, lease=t.lease.token, value=1.0) for t in first]
    client.tell("outside", results)
    assert client.ask("outside").trials[0].number == len(first)
    rounds = client.rounds("outside")
    assert [found.number for found in rounds] == [0, 1]
    assert (rounds[0].state, rounds[1].state) == ("closed", "open")
    assert rounds[1].first_trial == rounds[0].trials == len(first)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/studies", True),
        ("/studies", 10**40),
        ("/studies", [1]),
        ("/studies/outside/trials", [True, True]),
        ("/studies/outside/trials", [10**40, 0]),
        ("/studies/outside/trials", [1, 2**32]),  # past the integers of a column
        ("/studies/outside/trials", [0, 0.5, 1]),
        ("/studies/outside/trials", [float("nan"), 0]),
        ("/studies/outside/trials", ["a", "b"]),
    ],
)
def test_a_forged_page_token_is_refused(client: Client, path: str, key: object) -> None:
    client.create_study(external())
    token = base64.urlsafe_b64encode(json.dumps(key).encode()).decode()
    assert_problem(client._http.get(path, params={"page_token": token}), 422)


def test_the_same_revision_means_the_same_content(client: Client) -> None:
    client.create_study(external(objective={"kind": "external", "epochs": 9}))
    [trial] = client.ask("outside").trials
    created, shown = client.study("outside").revision, client.trials("outside")
    report = Report(number=0, lease=trial.lease.token, epoch=0)
    client.report("outside", [report])  # it only renews the lease, and counts seconds
    before = client.study("outside").revision
    assert (before == created) == (client.trials("outside") == shown)
    client.report("outside", [report.model_copy(update={"epoch": 4})])
    assert client.study("outside").revision == before + 1
    assert client.trials("outside", since=before)[0].epoch == 4
