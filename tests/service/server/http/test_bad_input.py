"""Bad input gets a problem that names the field, and stores nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from caviar.service.client import Client
from tests.assertions import assert_problem
from tests.factories.studies import MOMENTUM_SPACE, external, network

Definition = dict[str, Any]


def rate(**changes: Any) -> Definition:
    """A study with one changed learning rate."""
    return external(space={"learning_rate": {**MOMENTUM_SPACE["learning_rate"], **changes}})


def momentum(**changes: Any) -> Definition:
    """A study with one changed momentum."""
    return external(space={"momentum": {**MOMENTUM_SPACE["momentum"], **changes}})


def conditional(condition: Any) -> Definition:
    """A study whose momentum has a condition."""
    return external(
        space={
            "optimizer": {"type": "categorical", "choices": ["gd", "momentum"]},
            "momentum": {**MOMENTUM_SPACE["momentum"], "when": condition},
        }
    )


def objective(**changes: Any) -> Definition:
    """A study of networks with a changed objective."""
    made = network()
    made["objective"] |= changes
    return made


CIRCLE = {
    name: {
        "type": "categorical",
        "choices": ["x", "y"],
        "when": {other: ["x"]},
    }
    for name, other in (("a", "b"), ("b", "c"), ("c", "a"))
}

CASES: dict[str, tuple[Definition, str]] = {
    "low above high": (rate(low=2.0), "space.learning_rate.low"),
    "log from zero": (rate(low=0), "space.learning_rate.low"),
    "log from below zero": (rate(low=-1), "space.learning_rate.low"),
    "reverse_log up to one": (momentum(high=1.0), "space.momentum.high"),
    "reverse_log past one": (momentum(high=1.5), "space.momentum.high"),
    "unknown scale": (rate(scale="logg"), "space.learning_rate.scale"),
    "unknown type": (rate(type="flaot"), "space.learning_rate.type"),
    "unknown field of a parameter": (rate(hihg=2), "space.learning_rate.hihg"),
    "text for a number": (rate(low="0.1"), "space.learning_rate.low"),
    "a huge number": (rate(high=10**400), "space.learning_rate.high"),
    "no low": (
        external(space={"learning_rate": {"type": "float", "high": 1.0}}),
        "space.learning_rate.low",
    ),
    "empty space": (external(space={}), "space"),
    "space as a list": (external(space=[]), "space"),
    "parameter as a number": (external(space={"a": 3}), "space.a"),
    "10,000 parameters": (
        external(space={f"p{i}": {"type": "float", "low": 0, "high": 1} for i in range(10_000)}),
        "space",
    ),
    "condition on a missing parameter": (
        conditional({"optimiser": ["momentum"]}),
        "space.momentum.when.optimiser",
    ),
    "condition on a missing choice": (
        conditional({"optimizer": ["adam"]}),
        "space.momentum.when.optimizer",
    ),
    "conditions in a circle": (external(space=CIRCLE), "space.c.when"),
    "unknown data set": (objective(dataset="digitz"), "objective.dataset"),
    "unknown metric": (objective(metric="loss"), "objective.metric"),
    "unknown objective": (external(objective={"kind": "other"}), "objective"),
    "unknown setting": (objective(settings={"hidden_unit": 8}), "objective.settings.hidden_unit"),
    "setting that is in the space": (
        objective(settings={"momentum": 0.9}),
        "objective.settings.momentum",
    ),
    "impossible setting": (
        objective(settings={"hidden_units": 0}),
        "objective.settings.hidden_units",
    ),
    "parameter no network has": (
        network(space={"learning_rat": MOMENTUM_SPACE["learning_rate"]}),
        "space.learning_rat",
    ),
    "impossible range for a network": (
        network(space={"batch_size": {"type": "int", "low": -5, "high": 8}}),
        "space.batch_size",
    ),
    "unknown field": (external(spcae={}), "spcae"),
    "unknown field of the objective": (objective(epoch=3), "objective.epoch"),
    "no epochs": (objective(epochs=0), "objective.epochs"),
    "epochs as text": (objective(epochs="3"), "objective.epochs"),
    "unknown sampler": (external(sampler={"kind": "tpe"}), "sampler.kind"),
    "unknown option of a sampler": (external(sampler={"kind": "random", "x": 1}), "sampler.x"),
    "unknown pruner": (external(pruner={"kind": "median"}), "pruner.kind"),
    "unknown direction": (external(direction="up"), "direction"),
    "no trials": (external(trials=0), "budget.trials"),
    "negative seed": (external(seed=-1), "seed"),
    "seed too large": (external(seed=2**63), "seed"),
    "name with a slash": (external("a/b"), "name"),
    "empty name": (external(""), "name"),
}


@pytest.mark.parametrize("case", CASES)
def test_an_impossible_study_is_refused_by_its_field(client: Client, case: str) -> None:
    definition, field = CASES[case]
    response = send(client, json.dumps(definition).encode())
    assert_problem(response, 422)
    fields = [error["field"] for error in response.json()["errors"]]
    assert any(found == field or found.startswith(f"{field}.") for found in fields), fields
    assert field in response.json()["detail"] or len(fields) > 1
    assert list(client.studies()) == []


BROKEN: dict[str, Callable[[str], str]] = {
    "NaN": lambda text: text.replace("0.0001", "NaN"),
    "infinity": lambda text: text.replace("0.0001", "Infinity"),
    "minus infinity": lambda text: text.replace("0.0001", "-Infinity"),
    "a number past every double": lambda text: text.replace("0.0001", "1e999"),
    "a name twice": lambda text: text.replace('"momentum"', '"learning_rate"'),
    "not JSON": lambda text: text[:-1],
    "nothing": lambda text: "",
    "a list": lambda text: f"[{text}]",
    "half a surrogate": lambda text: text.replace('"outside"', '"\\ud800"'),
    "a NUL": lambda text: text.replace('"outside"', '"a\\u0000"'),
    "depth 1,000": lambda text: text.replace("0.0001", "[" * 1000 + "]" * 1000),
    "depth 100,000": lambda text: text.replace("0.0001", "[" * 100_000 + "]" * 100_000),
    "an endless number": lambda text: text.replace("0.0001", "1" * 10_000),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_json_is_refused(client: Client, case: str) -> None:
    response = send(client, BROKEN[case](json.dumps(external())).encode())
    assert_problem(response, 422)
    assert list(client.studies()) == []


@pytest.mark.parametrize(
    ("case", "field"),
    [
        ("NaN", "space.learning_rate.low"),
        ("infinity", "space.learning_rate.low"),
        ("minus infinity", "space.learning_rate.low"),
        ("a number past every double", "space.learning_rate.low"),
        ("a name twice", "space.learning_rate"),
    ],
)
def test_broken_json_names_the_field(client: Client, case: str, field: str) -> None:
    body = BROKEN[case](json.dumps(external()))
    assert [e["field"] for e in send(client, body.encode()).json()["errors"]] == [field]


def test_a_field_in_a_list_is_named_by_its_place(client: Client) -> None:
    client.create_study(external())
    body = b'{"trials": [{"params": {}}, {"params": {"learning_rate": NaN}}]}'
    response = send(client, body, path="/studies/outside/trials")
    assert response.json()["errors"][0]["field"] == "trials[1].params.learning_rate"


def test_text_that_is_not_utf8_is_refused(client: Client) -> None:
    assert_problem(send(client, b'{"name": "\xff\xfe"}'), 422)


def test_a_second_study_of_the_same_name_is_a_conflict(client: Client) -> None:
    client.create_study(external())
    response = send(client, json.dumps(external(trials=3)).encode())
    assert_problem(response, 409)
    assert client.study("outside").progress.total == 10


def test_a_body_that_is_too_large_is_refused(client: Client) -> None:
    assert_problem(send(client, b" " * (33 * 2**20)), 413)


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/studies/none", 404),
        ("/studies/none/trials", 404),
        ("/studies/none/rounds", 404),
        ("/studies/outside/trials/99", 404),
        ("/studies/outside/trials/99999999999999999999", 404),
        ("/studies/outside/trials/-1", 422),
        ("/studies/outside/trials/x", 422),
        ("/studies/outside/trials?limit=0", 422),
        ("/studies/outside/trials?since=-1", 422),
        ("/studies/outside/trials?sort=noise", 422),
        ("/studies/outside/trials?page_token=%00", 422),
        ("/studies/outside/trials?page_token=W10", 422),
        ("/studies?page_token=abc", 422),
        ("/studies/%00/trials", 422),
        ("/studies/outside/figures/none", 404),
        ("/nowhere", 404),
    ],
)
def test_reading_what_is_not_there_is_a_problem(client: Client, path: str, status: int) -> None:
    client.create_study(external())
    assert_problem(client._http.get(path), status)


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "item",
    [
        {"number": 0, "lease": "x"},
        {"number": 0, "lease": "x", "value": "1"},
        {"number": 0, "lease": "x", "value": True},
        {"number": -1, "lease": "x", "value": 1.0},
        {"number": 0, "lease": "x", "state": "failed", "value": 1.0},
        {"number": 0, "lease": "x", "state": "running"},
        {"number": 0, "lease": "x", "value": 1.0, "metrics": {"a": "b"}},
        {"number": 0, "lease": "x", "state": "failed", "reason": "a\x00b"},
        {"number": 10**30, "lease": "x" * 65, "value": 1.0},
    ],
)
def test_an_impossible_result_changes_nothing(client: Client, item: dict[str, Any]) -> None:
    client.create_study(external())
    client.ask("outside")
    before = client.study("outside").revision
    response = client._http.post("/studies/outside/tell", json={"results": [item]})
    assert_problem(response, 422)
    assert client.study("outside").revision == before


JSON = {"Content-Type": "application/json"}


def send(client: Client, body: bytes, path: str = "/studies") -> httpx.Response:
    """POST this very body."""
    headers = {"Content-Type": "application/json"}
    return client._http.post(path, content=body, headers=headers)


def test_a_body_of_unsaid_length_is_cut_at_the_limit(client: Client) -> None:
    headers = {"Content-Type": "application/json"}
    parts = (b" " * 2**20 for _ in range(33))
    assert_problem(client._http.post("/studies", content=parts, headers=headers), 413)


def test_an_objective_of_no_kind_names_the_kind(client: Client) -> None:
    for objective in ({}, {"kind": "x"}, {"kind": ["a"]}):
        response: httpx.Response = client._http.post("/studies", json=external(objective=objective))
        assert_problem(response, 422)
        assert response.json()["errors"][0]["field"] == "objective.kind"


def test_a_whole_number_may_be_written_with_a_point(client: Client) -> None:
    definition = external(trials=3)
    definition["budget"]["trials"] = 3.0
    assert client._http.post("/studies", json=definition).status_code == 201
    answer = client._http.post("/studies/outside/ask", content=b'{"count": 2.0}', headers=JSON)
    assert len(answer.json()["trials"]) == 2
    answer = client._http.post("/studies/outside/ask", content=b'{"count": 1.5}', headers=JSON)
    assert_problem(answer, 422)


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "\xed\xa0\x80"}',  # half a surrogate, in bytes
        b'{"\\ud800": 1, "\\ud800": 2}',
        b'{"\\uD800": NaN}',
        '{"name": "x"}'.encode("utf-16"),
        '{"name": "x"}'.encode("utf-32"),
        b'{"\xed\xa0\x80": NaN}',
    ],
)
def test_text_that_cannot_be_stored_is_refused_as_such(client: Client, body: bytes) -> None:
    answer = send(client, body)
    assert_problem(answer, 422)
    assert "Unicode" in answer.json()["detail"] or "JSON" in answer.json()["detail"]
