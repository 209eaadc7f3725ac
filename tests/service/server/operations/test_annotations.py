"""Notes and tags, lists of studies, and actions on many at once."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import Invalid
from caviar.service.contract.schemas import Result
from tests.assertions import assert_problem
from tests.factories.studies import external

pytestmark = pytest.mark.both_databases


def test_notes_and_tags_are_changed_apart_and_seen_as_changes(client: Client) -> None:
    client.create_study(external())
    client.ask("outside", count=3)
    before = client.study("outside").revision
    annotated = client.annotate("outside", 1, note="two\nlines", tags=["odd", "odd", "ask ana"])
    assert (annotated.note, annotated.tags) == ("two\nlines", ["odd", "ask ana"])
    assert [trial.number for trial in client.trials("outside", since=before)] == [1]
    assert client.annotate("outside", 1, tags=[]).note == "two\nlines"
    assert client.annotate("outside", 1, note="").note is None
    study = client.study("outside").annotate(note="mine", tags=["x"])
    assert (study.note, study.tags) == ("mine", ["x"])
    assert client.study("outside").revision > before + 2

    stored = client.annotate_many("outside", [0, 7, 2], tags=["seen"])
    assert [item.stored for item in stored] == [True, False, True]
    assert stored[1].problem is not None
    assert stored[1].problem.status == 404
    assert [trial.number for trial in client.trials("outside", tags="seen")] == [0, 2]
    client.annotate("outside", 0, note="=1+1", tags=["seen", "b"])
    row = next(csv.DictReader(io.StringIO(client.export("outside"))))
    assert (row["note"], row["tags"]) == ("'=1+1", "seen, b")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"note": "x" * 4001}, "note"),
        ({"note": "\x1b[2J"}, "note"),
        ({"tags": ["x"] * 21}, "tags"),
        ({"tags": ["x" * 65]}, "tags[0]"),
        ({"tags": ["a\nb"]}, "tags[0]"),
        ({"tags": [" a"]}, "tags[0]"),
        ({"tag": ["a"]}, "tag"),
    ],
)
def test_a_wrong_note_or_tag_is_named(client: Client, body: dict[str, Any], field: str) -> None:
    client.create_study(external())
    client.ask("outside")
    for path in ("/studies/outside", "/studies/outside/trials/0"):
        response = client._http.patch(path, json=body)
        assert_problem(response, 422)
        assert response.json()["errors"][0]["field"] == field
    assert client.study("outside").note is None


def test_studies_are_filtered_sorted_and_paged(client: Client) -> None:
    for name in ("deep-a", "wide-b", "deep-c"):
        client.create_study(external(name))
    client.change_study("deep-c", state="paused", tags=["keep", "old"])
    client.change_study("wide-b", tags=["keep"])

    def names(**query: Any) -> list[str]:
        found: list[str] = []
        token = None
        while True:
            params = {"limit": 1, **query} | ({"page_token": token} if token else {})
            page = client._http.get("/studies", params=params).json()
            found += [study["name"] for study in page["studies"]]
            token = page["next_page_token"]
            if token is None:
                return found

    assert names() == ["deep-c", "wide-b", "deep-a"]
    assert names(sort="name") == ["deep-a", "deep-c", "wide-b"]
    assert names(sort="-name", name="DEEP") == ["deep-c", "deep-a"]
    assert names(tag="keep", sort="created_at") == ["wide-b", "deep-c"]
    assert names(tag=["keep", "old"]) == ["deep-c"]
    assert names(state="paused") == ["deep-c"]
    assert_problem(client._http.get("/studies", params={"sort": "size"}), 422)
    assert_problem(client._http.get("/studies", params={"sort": "name", "page_token": "MQ"}), 422)


def test_actions_on_many_trials_are_done_or_refused_one_by_one(client: Client) -> None:
    client.create_study(external())
    trials = client.ask("outside", count=4).trials
    client.tell("outside", [Result(number=3, lease=trials[3].lease.token, value=1.0)])
    done = client.act_on_many("outside", [0, 3, 9, 1], "cancel", author="ana")
    assert [item.done for item in done] == [True, False, False, True]
    problems = [item.problem.status for item in done if item.problem is not None]
    assert problems == [409, 404]
    assert [trial.state for trial in client.trials("outside")] == [
        *("cancelled", "cancelled", "running", "completed"),
    ]
    with pytest.raises(Invalid, match=r"actions\[0\]\.body\.reason"):
        client.act_on_many("outside", [2, 3], "void")
    body = {"actions": [{"number": 3, "action": "void", "body": {"reason": "odd"}}]}
    headers = {"Idempotency-Key": "twice"}
    answers = [
        client._http.post("/studies/outside/trials/actions", json=body, headers=headers).json()
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert answers[0]["actions"][0]["done"]
    assert len(client.journal("outside", 3)) == 1


def test_many_studies_are_changed_in_one_call(client: Client) -> None:
    for name in ("one", "two", "three"):
        client.create_study(external(name))
    done = client.act_on_studies([("one", "delete"), ("two", "pause"), ("four", "stop")])
    assert [(item.study, item.done) for item in done] == [
        ("one", True),
        ("two", True),
        ("four", False),
    ]
    states = {study.name: study.state for study in client.studies(sort="name")}
    assert states == {"two": "paused", "three": "running"}


def test_an_unknown_parameter_of_a_query_is_refused_everywhere(client: Client) -> None:
    client.create_study(external())
    for path in ("/studies", "/studies/outside/trials", "/studies/outside", "/workers", "/health"):
        response = client._http.get(path, params={"stat": "running", "limit": 3})
        assert_problem(response, 422)
        first = response.json()["errors"][0]
        assert first["field"] == "stat"
        assert ("state" in first["message"]) == path.endswith(("studies", "trials"))
    posted = client._http.post("/studies/outside/ask?cuont=3", json={})
    assert_problem(posted, 422)
    assert client.trials("outside") == []
