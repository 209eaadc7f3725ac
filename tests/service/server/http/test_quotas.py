"""Quotas: what a server's owner allows, and that going past it names the limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import CaviarError, Invalid
from caviar.service.server.rules.quotas import Quotas
from tests.factories.studies import external, network

RATE = {"type": "float", "low": 0.01, "high": 1.0}
COLORS = {"type": "categorical", "choices": ["red", "green", "blue"]}
WIDE = {"hidden_units": {"type": "int", "low": 8, "high": 64}}


def changed(definition: dict[str, Any], **objective: Any) -> dict[str, Any]:
    """A definition with other fields of its objective."""
    return definition | {"objective": definition["objective"] | objective}


@pytest.mark.parametrize(
    ("quota", "value", "definition", "field"),
    [
        ("trials", 5, external(trials=6), "budget.trials"),
        ("epochs", 2, changed(network(), epochs=3), "objective.epochs"),
        ("parameters", 1, external() | {"space": {"a": RATE, "b": RATE}}, "space"),
        ("choices", 2, external() | {"space": {"color": COLORS}}, "space.color.choices"),
        (
            "hidden_units",
            32,
            changed(network(), settings={}) | {"space": WIDE},
            "space.hidden_units",
        ),
        (
            "hidden_layers",
            1,
            changed(network(), settings={"hidden_units": 8, "hidden_layers": 2}),
            "objective.settings.hidden_units",
        ),
        ("weights", 100, changed(network(), settings={}) | {"space": WIDE}, "space.hidden_units"),
    ],
)
def test_a_definition_past_a_quota_names_the_field_and_the_limit(
    client: Client,
    allow: Callable[..., None],
    quota: str,
    value: int,
    definition: dict[str, Any],
    field: str,
) -> None:
    allow(**{quota: value})
    with pytest.raises(Invalid, match=f"CAVIAR_LIMIT_{quota.upper()}") as caught:
        client.create_study(definition)
    assert [error.field for error in caught.value.errors] == [field]
    assert list(client.studies()) == []


def test_a_larger_budget_is_checked_and_an_older_study_goes_on(
    client: Client, allow: Callable[..., None]
) -> None:
    client.create_study(external(trials=8))
    allow(trials=5)
    with pytest.raises(Invalid, match="CAVIAR_LIMIT_TRIALS"):
        client.change_study("outside", trials=9)
    assert client.change_study("outside", state="paused").budget["trials"] == 8
    client.change_study("outside", state="running")
    assert len(client.ask("outside", count=8).trials) == 8


@pytest.mark.parametrize(
    ("quota", "path"),
    [("dataset_bytes", "/datasets/mine"), ("checkpoint_bytes", "/studies/s/trials/0/checkpoint")],
)
def test_a_file_past_a_quota_names_the_limit(
    client: Client, allow: Callable[..., None], quota: str, path: str
) -> None:
    allow(**{quota: 1_000})
    headers = {"Content-Type": "application/octet-stream", "Caviar-Lease": "x"}
    response = client._http.put(path, content=bytes(1_001), headers=headers)
    assert response.status_code == 413
    assert f"CAVIAR_LIMIT_{quota.upper()}" in response.text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CAVIAR_LIMIT_TRAILS", "5"),
        ("CAVIAR_LIMIT_TRIALS", "many"),
        ("CAVIAR_LIMIT_TRIALS", "0"),
        ("CAVIAR_LIMIT_TRIALS", "9999999999"),
        ("CAVIAR_LIMIT_TRIALS", "-1"),
        ("CAVIAR_LIMIT_TRIALS", "٣"),
    ],
)
def test_a_variable_that_sets_no_quota_is_named(name: str, value: str) -> None:
    with pytest.raises(CaviarError, match=f"^{name}: "):
        Quotas.of({name: value})


def test_what_is_not_set_is_as_the_contract_has_it() -> None:
    assert Quotas.of({"CAVIAR_LIMIT_TRIALS": "", "HOME": "/"}) == Quotas()
    assert Quotas.of({"CAVIAR_LIMIT_TRIALS": "7"}).trials == 7
