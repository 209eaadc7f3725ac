"""Spaces with fewer settings than the budget pays for: each is tried once, then the study ends."""

from __future__ import annotations

from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import Conflict, Invalid
from tests.factories.studies import external
from tests.fakes.searches import search

SPACE: dict[str, Any] = {
    "layers": {"type": "categorical", "choices": [None, [64, 32], [16]]},
    "flag": {"type": "bool"},
    "fixed": {"type": "constant", "value": 3},
}
KINDS = ["random", "quasi_random", "grid", "coarse_to_fine"]


def small(client: Client, kind: str = "random", trials: int = 100, **changes: Any) -> None:
    """A study of six settings."""
    client.create_study(external(trials=trials, space=SPACE, sampler={"kind": kind}, **changes))


def train(client: Client, *, most: int | None = None, count: int = 4) -> None:
    """Train what comes, in batches, until nothing does."""
    search(client, "outside", trials=most, count=count, value=lambda params: len(repr(params)))


def settings(client: Client) -> list[str]:
    """The params of every trial."""
    return [repr(dict(trial.params)) for trial in client.trials("outside")]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_study_ends_when_every_setting_was_tried(
    client: Client, kind: str, asynchronous: bool
) -> None:
    small(client, kind, asynchronous=asynchronous)
    warnings = {warning.field: warning.message for warning in client.study("outside").warnings}
    assert "6 settings" in warnings["budget.trials"]
    assert client.study("outside").progress.total == 6
    train(client)
    study = client.study("outside")
    assert (study.state, study.progress.finished, study.progress.total) == ("completed", 6, 6)
    assert study.reason is not None
    assert "6 of 100 trials" in study.reason
    assert len(set(settings(client))) == 6
    assert client.ask("outside").study_state == "completed"
    assert [stage.state for stage in client.rounds("outside")] == ["closed"]


def test_a_budget_that_ends_first_has_no_note(client: Client) -> None:
    small(client, trials=4)
    train(client)
    study = client.study("outside")
    assert (study.state, study.progress.total, study.reason) == ("completed", 4, None)
    assert study.warnings == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_raised_budget_tries_the_rest(client: Client, kind: str) -> None:
    small(client, kind, trials=4)
    train(client)
    client.change_study("outside", trials=50)
    train(client)
    study = client.study("outside")
    assert study.state == "completed"
    assert study.reason is not None
    assert len(set(settings(client))) == 6
    client.change_study("outside", trials=60)
    assert client.study("outside").state == "completed"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("before", [0, 2, 5])
def test_an_enqueued_setting_is_not_proposed_again(client: Client, kind: str, before: int) -> None:
    small(client, kind)
    train(client, most=before)
    tried = settings(client)
    own = {"layers": [64, 32], "flag": True}
    client.enqueue("outside", [own, own])
    again = repr({**own, "fixed": 3}) in tried
    total = 8 if again else 7
    assert client.study("outside").progress.total == total
    train(client, count=3)
    study = client.study("outside")
    assert (study.state, study.progress.finished, study.progress.total) == (
        "completed", total, total,
    )  # fmt: skip
    assert len(set(settings(client))) == 6


def test_a_zoom_has_the_settings_of_its_box_and_the_search_the_rest(client: Client) -> None:
    space = {"n": {"type": "int", "low": 1, "high": 8}, "flag": {"type": "bool"}}
    client.create_study(external(trials=100, space=space))
    train(client, most=3)
    client.zoom("outside", {"n": [2, 3]})
    train(client)
    study = client.study("outside")
    assert (study.state, study.progress.finished) == ("completed", 16)
    assert len(set(settings(client))) == 16
    stages = client.rounds("outside")
    assert stages[1].manual
    own = client.trials("outside")[stages[1].first_trial :][: stages[1].trials]
    assert {trial.params["n"] for trial in own} <= {2, 3}


def test_a_box_without_an_untried_setting_is_refused(client: Client) -> None:
    space = {"n": {"type": "int", "low": 1, "high": 4}, "flag": {"type": "bool"}}
    client.create_study(external(trials=100, space=space, sampler={"kind": "grid"}))
    train(client, most=4)
    with pytest.raises(Invalid, match="holds no setting that was not tried yet"):
        client.zoom("outside", {"n": [1, 2]})
    train(client)
    with pytest.raises(Conflict, match="completed"):
        client.zoom("outside", {"n": [1, 2]})


def test_a_space_that_may_widen_does_not_end(client: Client) -> None:
    space = {
        "n": {"type": "int", "low": 5, "high": 14},
        "kind": {"type": "categorical", "choices": list("abcd")},
    }
    sampler = {"kind": "coarse_to_fine", "widen": True}
    client.create_study(external(trials=60, space=space, sampler=sampler))
    search(client, "outside", value=lambda params: -float(params["n"]))
    study = client.study("outside")
    assert (study.state, study.progress.finished, study.reason) == ("completed", 60, None)
