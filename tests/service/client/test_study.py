"""A study as its user has it: read, steered, asked, drawn."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.client.study import Study
from caviar.service.contract.errors import Conflict, Invalid, NotFound
from caviar.service.contract.states import TrialState
from tests.factories.studies import external, network


def value_of(params: dict[str, Any]) -> float:
    """A bowl in the logarithm of the learning rate."""
    return (math.log10(params["learning_rate"]) + 2) ** 2


def interrupted(study: Study, first: int) -> None:
    """A loop whose body raises an error."""
    for trial in study.ask():
        assert trial.number == first
        1 / 0  # noqa: B018


def test_a_loop_trains_a_study_to_its_end(client: Client) -> None:
    study = client.create_study(external("looped", trials=14, sampler={"kind": "coarse_to_fine"}))
    numbers = []
    for trial in study.ask():
        numbers.append(trial.number)
        trial.tell(value_of(trial.params), other=1.0)
    assert numbers == list(range(14))
    study.refresh()
    assert study.state == "completed"
    assert study.best is not None
    assert study.best.metrics["other"] == 1.0
    assert [trial.value for trial in study.top(3)] == sorted(
        value_of(trial.params) for trial in client.trials("looped")
    )[:3]


def test_a_trial_that_is_left_goes_back_to_the_study(client: Client) -> None:
    study = client.create_study(external("left", trials=2))
    for trial in study.ask():
        first = trial.number
        break
    with pytest.raises(ZeroDivisionError):
        interrupted(study, first)
    with pytest.raises(Conflict, match="tell"):
        list(study.ask())
    assert {trial.state for trial in client.trials("left")} == {TrialState.WAITING}
    assert client.trial("left", first).attempt == 0


def test_reports_are_the_value_of_a_trial(client: Client) -> None:
    definition = external("epochs", trials=1, objective={"kind": "external", "epochs": 3})
    study = client.create_study(definition)
    for trial in study.ask():
        with pytest.raises(Invalid, match="reported"):
            trial.tell()
        for epoch, value in enumerate([0.5, 0.2, 0.4], start=1):
            assert trial.report(epoch, value=value)
        trial.tell()
        with pytest.raises(Conflict, match="already"):
            trial.tell(1.0)
    best = study.refresh().best
    assert best is not None
    assert (best.value, study.curve().metrics["value"]) == (0.2, [0.5, 0.2, 0.4])


def test_a_result_that_is_no_number_is_a_trial_that_diverged(client: Client) -> None:
    study = client.create_study(external("diverged", trials=2))
    for trial in study.ask():
        trial.tell(math.nan) if trial.number else trial.fail("no memory")
    states = [trial.state for trial in client.trials("diverged")]
    assert states == [TrialState.FAILED, TrialState.DIVERGED]
    with pytest.raises(NotFound, match="completed"):
        study.best_model()


def test_a_model_that_was_not_saved_says_how_to_save_one(client: Client) -> None:
    study = client.create_study(external("bare", trials=1))
    for trial in study.ask():
        trial.tell(1.0)
    with pytest.raises(NotFound, match=r"trial\.save\(model\)"):
        study.best_model()
    with pytest.raises(Invalid, match='epoch: must be "best" or "last"'):
        study.best_model(epoch=3)  # type: ignore[arg-type]


def test_a_study_of_networks_cannot_be_asked(client: Client) -> None:
    study = client.create_study(network("networks"))
    with pytest.raises(Conflict, match="workers"):
        next(study.ask())


def test_a_study_is_a_table_and_pictures(client: Client) -> None:
    space = {"x": {"type": "float", "low": 0, "high": 1}}
    study = client.create_study(external("shown", trials=3, space=space))
    for trial in study.ask():
        trial.tell(trial.params["x"])
    frame = study.refresh().dataframe("polars")
    assert frame["params.x"].to_list() == frame["value"].to_list()
    assert frame["state"].to_list() == ["completed"] * 3
    [finished, *_] = frame["finished_at"].to_list()
    assert finished.utcoffset() == timedelta(0)
    assert str(study.dataframe("pandas")["finished_at"].dt.tz) == "UTC"
    assert study.figure("best-so-far").data
    with pytest.raises(NotFound, match="best-so-far"):
        study.figure("nothing")
    assert "shown: completed, 3 of 3 trials, best value" in repr(study)
    assert "<td" in study._repr_html_()


def test_a_study_is_paused_resumed_and_stopped(client: Client) -> None:
    study = client.create_study(external("steered"))
    assert study.pause().state == client.study("steered").state == "paused"
    assert study.resume().state == "running"
    assert isinstance(study.stop(), Study)
    assert client.study("steered").state == "stopped"
