"""Importance: the table, noise measured by repeats, and too few trials."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from caviar.sampler import Observation, repeats
from caviar.service.client import Client
from caviar.service.contract import schemas
from caviar.service.contract.errors import NotFound
from caviar.service.contract.schemas import Result
from caviar.service.contract.states import TrialState
from caviar.service.server.operations.importance import _note
from tests.factories.studies import HALVING, MOMENTUM_SPACE, external
from tests.fakes.searches import bowl, result, search

OWN = {"learning_rate": 0.01, "momentum": 0.99}


def test_the_parameter_that_decides_has_the_largest_share(client: Client) -> None:
    client.create_study(external(trials=60))
    search(client, "outside", count=20)
    table = client.importance("outside")
    assert table.parameters is not None
    assert table.noise is not None
    shares = {name: each.share for name, each in table.parameters.items()}
    assert shares["learning_rate"] > 3 * shares["momentum"] > 0
    assert sum(shares.values()) + table.noise == pytest.approx(1)
    assert table.priorities == pytest.approx(
        {"1": shares["learning_rate"], "2": shares["momentum"]}
    )
    assert table.note.startswith("More important than noise can explain: learning_rate")
    assert "replicate the best trials" in table.note
    assert table.repeats is None


def test_what_has_one_value_is_not_spoken_of(client: Client) -> None:
    fixed = {"epochs": {"type": "constant", "value": 3}}
    single = {"kind": {"type": "categorical", "choices": ["adam"]}}
    idle = {"idle": {"type": "float", "low": 0.0, "high": 1.0}}
    client.create_study(external(trials=40, space={**MOMENTUM_SPACE, **fixed, **single, **idle}))
    search(client, "outside", count=20)
    table = client.importance("outside")
    assert table.parameters is not None
    assert {"epochs", "kind"} < table.parameters.keys()
    assert "epochs" not in table.note
    assert "kind" not in table.note
    assert "idle" in table.note


def share(value: float) -> schemas.ParameterImportance:
    """The importance of one parameter."""
    return schemas.ParameterImportance(share=value, priority=1)


def test_every_parameter_is_in_one_of_three_lists() -> None:
    table = schemas.Importance(
        trials=50,
        parameters={"a": share(0.5), "b": share(0.15), "c": share(0.05), "d": share(0.0)},
        priorities={"1": 0.7},
        noise=0.1,
        repeats=None,
        note="",
    )
    important, possible, drowned, _ = _note(table, ["a", "b", "c"]).split(". ", 3)
    assert important.endswith(": a")
    assert possible.endswith(": b")
    assert drowned.endswith(": c")


def test_repeated_params_measure_noise(client: Client) -> None:
    chance = random.Random(5)

    def noisy(params: Mapping[str, Any]) -> float:
        return bowl(params) + chance.gauss(0, 3.0)

    client.create_study(external(trials=50))
    client.enqueue("outside", [OWN] * 8)
    search(client, "outside", value=noisy)
    table = client.importance("outside")
    assert table.repeats is not None
    assert (table.repeats.params, table.repeats.trials) == (1, 8)
    assert table.repeats.share > 0.1
    assert "8 trials that repeat 1 set of params" in table.note


def test_replicas_measure_noise(client: Client) -> None:
    chance = random.Random(5)

    def noisy(params: Mapping[str, Any]) -> float:
        return bowl(params) + chance.gauss(0, 3.0)

    client.create_study(external(trials=30))
    search(client, "outside", value=noisy)
    before = client.importance("outside")
    client.replicate("outside", top=5, seeds=4)
    search(client, "outside", value=noisy)
    table = client.importance("outside")
    assert before.repeats is None
    assert table.repeats is not None
    assert (table.repeats.params, table.repeats.trials) == (5, 25)
    assert table.repeats.share > 0.2
    assert (table.trials, table.parameters) == (before.trials, before.parameters)
    assert "25 trials that repeat 5 sets of params" in table.note


def test_pruned_trials_tell_too(client: Client) -> None:
    nine = {"kind": "external", "epochs": 9}
    client.create_study(external(trials=27, objective=nine, pruner=HALVING))
    while leased := client.ask("outside", count=9).trials:
        client.tell("outside", [result(trial) for trial in leased])
    table = client.importance("outside")
    assert table.trials < 10, "those that gave a value are too few"
    assert client.study("outside").trials[TrialState.PRUNED] > 15
    assert table.parameters is None

    client.create_study(external("more", trials=60, objective=nine, pruner=HALVING))
    while leased := client.ask("more", count=9).trials:
        client.tell("more", [result(trial) for trial in leased])
    table = client.importance("more")
    assert table.parameters is not None
    assert table.parameters["learning_rate"].share > 0.5


def test_another_study_of_the_same_name_has_a_table_of_its_own(client: Client) -> None:
    tables = []
    for name in ("learning_rate", "momentum"):
        client.create_study(external(trials=1))
        settings = [
            {"learning_rate": 0.01, "momentum": 0.95, name: value}
            for value in np.linspace(0.91, 0.99, 20).tolist()
        ]
        client.change_study("outside", trials=20)
        client.enqueue("outside", settings)
        leased = client.ask("outside", count=20).trials
        results = [Result(number=t.number, lease=t.lease.token, value=t.number) for t in leased]
        client.tell("outside", results)
        tables.append(client.importance("outside").parameters)
        client.delete_study("outside")
    first, second = tables
    assert first is not None
    assert second is not None
    assert first["learning_rate"].share > first["momentum"].share
    assert second["learning_rate"].share < second["momentum"].share


def test_too_few_trials_say_so(client: Client) -> None:
    client.create_study(external(trials=5))
    search(client, "outside")
    table = client.importance("outside")
    assert (table.trials, table.parameters, table.noise) == (5, None, None)
    assert "too few" in table.note
    with pytest.raises(NotFound):
        client.importance("none")


def observed(values: list[float], settings: list[int]) -> list[Observation]:
    """Observations of params that differ by a number."""
    return [
        Observation(number=n, params={"x": setting}, value=value)
        for n, (value, setting) in enumerate(zip(values, settings, strict=True))
    ]


def test_the_share_of_luck() -> None:
    spread = np.random.default_rng(1).normal(size=200)
    settings = [place // 2 for place in range(200)]
    pure_noise = repeats(observed(spread.tolist(), settings))
    assert pure_noise is not None
    assert pure_noise.share == pytest.approx(1, abs=0.25)
    none = repeats(observed([float(setting) for setting in settings], settings))
    assert none is not None
    assert (none.params, none.trials, none.share) == (100, 200, 0.0)
    assert repeats(observed([1.0, 2.0], [0, 1])) is None
    assert repeats(observed([1.0, 1.0], [0, 0])) is None
    same = Observation(number=9, params={"x": True}, value=3.0)
    assert repeats([*observed([1.0, 2.0], [0, 1]), same]) is None, "1 and true are two settings"
