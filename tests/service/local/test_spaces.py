"""Spaces written in Python: plain JSON that is checked, drawn from and shown."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import caviar
from caviar.service.client import Client
from tests.factories.studies import external
from tests.fakes.searches import search


def made() -> caviar.Space:
    """A space with a parameter of each function."""
    return caviar.space(
        learning_rate=caviar.log(1e-4, 1, priority=1),
        momentum=caviar.reverse_log(0.9, 0.999, when={"optimizer": ["momentum"]}),
        keep=caviar.uniform(0.5, 1, step=0.1),
        units=caviar.log_integer(16, 256, base=2),
        layers=caviar.integer(1, 3),
        optimizer=caviar.choice(["momentum", "adam"]),
        sizes=caviar.ordered([None, (64,), (64, 32)]),
        norm=caviar.boolean(),
        epochs=caviar.constant(10),
    )


def test_a_space_is_the_json_of_its_parameters() -> None:
    space = made()
    assert space["learning_rate"] == {
        "type": "float", "low": 1e-4, "high": 1, "scale": "log", "priority": 1,
    }  # fmt: skip
    assert space["sizes"] == {
        "type": "categorical", "choices": [None, [64], [64, 32]], "ordered": True,
    }  # fmt: skip
    assert space["momentum"]["when"] == {"optimizer": ["momentum"]}
    assert json.loads(json.dumps(space)) == space
    assert isinstance(space, dict)
    assert caviar.space(space, extra=caviar.constant(None)) == {
        **space, "extra": {"type": "constant", "value": None},
    }  # fmt: skip


def test_values_of_numpy_become_plain() -> None:
    space = caviar.space(
        rate=caviar.log(np.float64(1e-4), np.float32(1)),
        units=caviar.choice(np.arange(1, 4)),
        size=caviar.choice(np.logspace(-2, 0, 3)),
    )
    assert space["units"]["choices"] == [1, 2, 3]
    assert json.loads(json.dumps(space)) == space


def test_a_space_goes_into_a_study_as_it_is(client: Client) -> None:
    client.create_study(external(trials=3, space=made()))
    search(client, "outside", value=lambda params: 1.0)
    trials = client.trials("outside")
    assert [trial.params for trial in trials] == made().sample(3, seed=1)
    assert {repr(trial.params["sizes"]) for trial in trials} <= {"None", "[64]", "[64, 32]"}


def test_samples_are_the_first_trials_of_a_random_search() -> None:
    drawn = made().sample(1_000, seed=3)
    assert drawn == made().sample(1_000, seed=3)
    assert drawn[:10] == made().sample(10, seed=3)
    assert drawn != made().sample(1_000, seed=4)
    near_one = [params["momentum"] for params in drawn if "momentum" in params]
    assert 0.4 < len(near_one) / 1_000 < 0.6
    assert 0.4 < np.mean([momentum > 0.99 for momentum in near_one]) < 0.6
    drawn[0]["sizes"] = drawn[1]["sizes"] = "changed"
    assert made().sample(2, seed=3)[0]["sizes"] != "changed"


BAD: list[tuple[dict[str, Any], str]] = [
    ({"momentum": caviar.reverse_log(0.9, 1)}, "momentum.high: must be below 1"),
    ({"rate": caviar.log(0, 1)}, "rate.low: must be above 0"),
    ({"units": caviar.integer(1.5, 3)}, "units.low: must be a whole number"),  # type: ignore[arg-type]
    ({"kind": caviar.choice("adam")}, "kind.choices: must be a list"),
    ({"kind": caviar.choice({"a", "b"})}, "kind.choices: must be a list, not set"),
    ({"kind": caviar.choice([1, 1.0])}, "kind.choices: duplicate choice"),
    ({"kind": ["a", "b"]}, r"kind: must be a parameter, not a list: caviar.choice"),
    ({"epochs": 10}, r"epochs: must be a parameter, not int: caviar.constant"),
    ({"x": caviar.uniform(0, 1, when={"y": [1]})}, "x.when.y: no such parameter"),
    ({"x": caviar.uniform(0, 1, priority=4)}, "x.priority: must be from 1 to 3"),
    ({}, "space: must have at least one parameter"),
]


@pytest.mark.parametrize(("parameters", "message"), BAD)
def test_an_invalid_parameter_is_named(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(caviar.Invalid, match=f"^{message}"):
        caviar.space(**parameters)


def test_a_preview_shows_shares_and_warnings() -> None:
    space = caviar.space(
        learning_rate=caviar.uniform(1e-4, 1), units=caviar.log_integer(16, 256, base=2)
    )
    text = repr(space.preview())
    assert "learning_rate (linear): 0.0001 to 0.001" in text
    assert "units (log): 16: 20 %, 32: 20 %" in text
    assert "warning: space.learning_rate: on a linear scale" in text
    assert space.preview().warnings[0].startswith("learning_rate on a linear scale")
    assert repr(space).splitlines()[:2] == [
        "Space of 2 parameters",
        "    learning_rate: linear, 0.0001 to 1",
    ]


def test_html_has_a_drawing_of_each_parameter_and_no_markup_of_the_user() -> None:
    space = caviar.space(kind=caviar.choice(["<script>alert(1)</script>", "b"]), x=made()["keep"])
    page = space._repr_html_()
    assert page.count("<svg") == 2
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")


def test_every_wrong_parameter_is_told() -> None:
    with pytest.raises(caviar.Invalid) as caught:
        caviar.Space({"x": (0, 1)})
    assert [error.field for error in caught.value.errors] == ["x"]
    bad = {"type": "float", "low": 3, "high": 1}
    with pytest.raises(caviar.Invalid) as caught:
        caviar.Space({"y": 3, "a b": bad, "x": bad, "z": {"type": "bool", "when": {"y": [1]}}})
    assert [error.field for error in caught.value.errors] == ["y", "a b", "x.low"]
