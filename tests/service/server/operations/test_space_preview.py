"""A look at a space: shares, examples, warnings; and the warnings of a study."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from caviar.sampler import SearchSpace, preview, space_warnings
from caviar.service.cli.search import follow
from caviar.service.client import Client
from caviar.service.contract.errors import Invalid
from tests.factories.studies import MOMENTUM_SPACE, external
from tests.fakes.searches import search

LINEAR = {"learning_rate": {"type": "float", "low": 0.0001, "high": 1.0}}


def test_half_of_the_draws_of_momentum_lie_above_099(client: Client) -> None:
    seen = client.preview_space(MOMENTUM_SPACE)
    decades = seen.parameters["momentum"].decades
    assert decades is not None
    assert decades.of == "1 - x"
    assert [each.share for each in decades.shares] == pytest.approx([0.5, 0.5], abs=0.01)
    assert len(seen.examples) == 20
    assert seen.warnings == []
    assert client.preview_space(MOMENTUM_SPACE, seed=1).examples != seen.examples
    assert client.preview_space(MOMENTUM_SPACE) == seen


@pytest.mark.parametrize("kind", ["random", "quasi_random", "coarse_to_fine"])
def test_with_a_sampler_the_examples_are_the_first_trials(client: Client, kind: str) -> None:
    seen = client.preview_space(MOMENTUM_SPACE, seed=7, sampler={"kind": kind})
    client.create_study(external(trials=100, seed=7, sampler={"kind": kind}))
    first = [trial.params for trial in client.ask("outside", count=20).trials]
    assert seen.examples[: len(first)] == first
    assert len(first) == (12 if kind == "coarse_to_fine" else 20)
    assert len(seen.examples) == 20


def test_a_study_carries_the_warnings_of_its_space(client: Client) -> None:
    created = client.create_study(external(space=LINEAR))
    [warning] = created.warnings
    assert warning.field == "space.learning_rate"
    assert "90 % of the draws lie above 0.1" in warning.message
    assert client.study("outside").warnings == client.preview_space(LINEAR).warnings == [warning]
    assert client.create_study(external("fine")).warnings == []


def test_warnings_alone_are_those_of_the_preview() -> None:
    spec = {
        "layers": {"type": "int", "low": 1, "high": 40},
        "rate": {"type": "float", "low": 0.0, "high": 1.0, "when": {"layers": [40]}},
        **LINEAR,
    }
    space = SearchSpace.from_dict(spec)
    warnings: Any = preview(space)["warnings"]
    assert [(each["parameter"], each["message"]) for each in warnings] == space_warnings(space)
    assert {name for name, _ in space_warnings(space)} == {"rate", "learning_rate"}


BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "space"),
    ({"space": {}}, "space"),
    ({"space": []}, "space"),
    ({"space": {"x": {"type": "float", "low": 2, "high": 1}}}, "space.x.low"),
    ({"space": LINEAR, "seed": -1}, "seed"),
    ({"space": LINEAR, "seed": 1.5}, "seed"),
    ({"space": LINEAR, "sampler": {"kind": "magic"}}, "sampler.kind"),
    ({"space": LINEAR, "sampler": {"kind": "random", "x": 1}}, "sampler.x"),
    ({"space": LINEAR, "draws": 7}, "draws"),
]


@pytest.mark.parametrize(("body", "field"), BAD)
def test_bad_spaces_are_named(client: Client, body: dict[str, Any], field: str) -> None:
    answer = client._http.post("/spaces/preview", json=body)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == [field]


def test_the_client_raises_it(client: Client) -> None:
    with pytest.raises(Invalid, match=r"space\.x"):
        client.preview_space({"x": {"type": "float"}})


def test_a_run_begins_with_the_warnings(client: Client) -> None:
    client.create_study(external(trials=1, space=LINEAR))
    search(client, "outside", value=lambda params: 1.0)
    printed = io.StringIO()
    follow(client, "outside", Console(file=printed, width=500))
    assert printed.getvalue().startswith("warning: space.learning_rate: on a linear scale 90 %")
