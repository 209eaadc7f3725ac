"""What happens to a study that has the name already."""

from __future__ import annotations

from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import Conflict, Invalid
from caviar.service.contract.schemas import StudyDefinition
from caviar.service.contract.states import StudyState
from tests.factories.results import result
from tests.factories.studies import external, network


def finished(client: Client, **changes: Any) -> None:
    """A study of two trials that has completed."""
    client.create_study(external(trials=2, **changes))
    asked = client.ask("outside", count=2).trials
    client.tell("outside", [result(trial) for trial in asked])
    assert client.study("outside").state == StudyState.COMPLETED


def test_by_default_it_is_an_error_that_names_the_ways(client: Client) -> None:
    client.create_study(external())
    with pytest.raises(Conflict, match=r"continue.*replace"):
        client.create_study(external())


def test_it_is_continued_with_a_larger_budget(client: Client) -> None:
    first = client.create_study(external(trials=2), if_exists="continue")
    assert first.state == StudyState.RUNNING
    asked = client.ask("outside", count=2).trials
    client.tell("outside", [result(trial) for trial in asked])
    assert client.create_study(external(trials=1), if_exists="continue").budget["trials"] == 2
    same = client.create_study(external(trials=2), if_exists="continue")
    assert same.state == StudyState.COMPLETED
    larger = StudyDefinition.model_validate(external(trials=3))
    more = client.create_study(larger, if_exists="continue")
    assert (more.state, more.progress.total) == (StudyState.RUNNING, 3)
    assert [trial.number for trial in client.ask("outside", count=5).trials] == [2]


def test_replicas_do_not_count(client: Client) -> None:
    finished(client)
    client.replicate("outside", top=1, seeds=2)
    replicas = client.ask("outside", count=5).trials
    client.tell("outside", [result(trial) for trial in replicas])
    assert client.create_study(external(trials=2), if_exists="continue").progress.total == 4
    more = client.create_study(external(trials=4), if_exists="continue")
    assert (more.state, more.progress.finished, more.progress.total) == ("running", 4, 6)
    assert len(client.ask("outside", count=9).trials) == 2
    copied = {**external("copied"), "budget": more.budget}
    assert client.create_study(copied).budget == {**more.budget, "trials": 4, "on_top": 0}


def test_a_limit_that_is_not_wanted_any_more_goes(client: Client) -> None:
    client.create_study(external(budget={"trials": 2, "seconds": 60.0}))
    client.change_study("outside", state="paused")
    study = client.create_study(external(trials=2), if_exists="continue")
    assert (study.state, study.budget["seconds"]) == (StudyState.RUNNING, None)


def test_a_network_is_continued_by_what_was_written(client: Client) -> None:
    client.create_study(network())
    assert client.create_study(network(), if_exists="continue").name == "inside"


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"seed": 2}, "seed"), ({"space": {"x": {"type": "float", "low": 0, "high": 1}}}, "space")],
)
def test_another_definition_is_not_continued(
    client: Client, changes: dict[str, Any], field: str
) -> None:
    client.create_study(external())
    with pytest.raises(Conflict, match=f"another {field}"):
        client.create_study(external(**changes), if_exists="continue")
    client.change_study("outside", state="stopped")
    with pytest.raises(Conflict, match="was stopped"):
        client.create_study(external(), if_exists="continue")


def test_it_is_replaced(client: Client) -> None:
    finished(client)
    with pytest.raises(Invalid, match=r"budget\.trials"):
        client.create_study(external(trials=0), if_exists="replace")
    assert client.study("outside").state == StudyState.COMPLETED  # and nothing was deleted
    new = client.create_study(external(trials=5, seed=3), if_exists="replace")
    assert (new.state, new.seed, new.progress.finished) == (StudyState.RUNNING, 3, 0)
    assert client.create_study(external("other"), if_exists="replace").name == "other"


def test_another_word_is_refused(client: Client) -> None:
    with pytest.raises(Invalid, match="error, continue or replace"):
        client.create_study(external(), if_exists="ignore")  # type: ignore[arg-type]
