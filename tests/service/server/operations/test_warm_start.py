"""Warm starts: trials are taken once, stored, and checked against the new space."""

from __future__ import annotations

from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import Invalid
from caviar.service.contract.schemas import Result
from caviar.service.server.rules import observations
from caviar.service.server.rules.plans import plan_of
from caviar.service.server.store.database import Database
from caviar.service.server.store.queries import studies
from tests.factories.studies import HALVING, MOMENTUM_SPACE, external
from tests.fakes.searches import bowl, result, search, table

FINE = {"kind": "coarse_to_fine"}
WARM = {"warm_start": {"study": "source"}}


def source(client: Client, trials: int = 30, **changes: Any) -> None:
    """A study that has completed."""
    client.create_study(external("source", trials=trials, **changes))
    search(client, "source")


def values(client: Client, name: str, first: int) -> list[float]:
    """Values of the first trials of a study."""
    return [bowl(trial.params) for trial in client.trials(name, limit=first)]


def test_a_warm_study_begins_where_the_other_one_ended(client: Client) -> None:
    source(client)
    client.create_study(external("cold", trials=12, sampler=FINE))
    study = client.create_study(external("warm", trials=12, sampler=FINE, **WARM))
    assert (study.warm_start, study.warm_start_trials) == (WARM["warm_start"], 30)
    for name in ("cold", "warm"):
        search(client, name)
    assert sum(values(client, "warm", 12)) < 0.5 * sum(values(client, "cold", 12))
    assert client.rounds("warm")[0].elites == [], "no trials of its own"


def test_an_alarm_of_what_was_taken_is_an_alarm(client: Client) -> None:
    client.create_study(external("source", trials=40, sampler=FINE))
    search(client, "source", value=lambda params: float(params["learning_rate"]))
    client.create_study(external("warm", trials=12, sampler=FINE, **WARM))
    client.ask("warm")
    [first] = client.rounds("warm")
    assert "press against the low end of learning_rate" in first.reason
    assert ("learning_rate", "low") in [(one.parameter, one.end) for one in first.alarms]
    assert first.elites == []


def test_what_was_taken_stays(client: Client) -> None:
    source(client)
    for name in ("first", "second", "third"):
        if name == "third":
            client.change_study("source", trials=60)
            search(client, "source")
        client.create_study(external(name, trials=12, sampler=FINE, **WARM))
    client.delete_study("source")
    for name in ("first", "second", "third"):
        search(client, name)
    assert table(client, "first") == table(client, "second")
    assert [client.study(name).warm_start_trials for name in ("second", "third")] == [30, 60]


def test_a_change_of_the_source_changes_nothing(client: Client) -> None:
    source(client, trials=20)
    client.create_study(external("early", trials=12, sampler=FINE, **WARM))
    client.create_study(external("late", trials=12, sampler=FINE, **WARM))
    search(client, "early")
    client.change_study("source", trials=50)
    search(client, "source")
    search(client, "late")
    assert table(client, "early") == table(client, "late")


def test_a_sampler_that_learns_nothing_says_so(client: Client) -> None:
    source(client)
    [warning] = client.create_study(external("warm", **WARM)).warnings
    assert warning.field == "warm_start"
    assert "a random search learns from no trial" in warning.message


def test_trials_outside_of_the_new_space_are_left_out(client: Client) -> None:
    source(client)
    space = {**MOMENTUM_SPACE, "learning_rate": {**MOMENTUM_SPACE["learning_rate"], "low": 0.01}}
    study = client.create_study(external("warm", space=space, sampler=FINE, **WARM))
    inside = [t for t in client.trials("source") if float(t.params["learning_rate"]) >= 0.01]
    assert 0 < study.warm_start_trials == len(inside) < 30


def test_diverged_trials_are_taken_and_cancelled_ones_are_not(client: Client) -> None:
    client.create_study(external("source", trials=10))
    leased = client.ask("source", count=5).trials
    client.tell(
        "source",
        [
            Result(number=0, lease=leased[0].lease.token, value=1.0),
            Result(number=1, lease=leased[1].lease.token, state="diverged"),
        ],
    )
    client.change_study("source", state="stopped")
    assert client.create_study(external("warm", sampler=FINE, **WARM)).warm_start_trials == 2


@pytest.mark.parametrize(("epochs", "taken"), [(9, True), (18, False)])
def test_what_was_pruned_is_taken_with_its_rungs(
    database: Database, client: Client, epochs: int, taken: bool
) -> None:
    nine = {"kind": "external", "epochs": 9}
    client.create_study(external("source", trials=9, objective=nine, pruner=HALVING))
    while leased := client.ask("source", count=9).trials:
        client.tell("source", [result(trial) for trial in leased])
    objective = {"kind": "external", "epochs": epochs}
    client.create_study(external("warm", sampler=FINE, objective=objective, **WARM))

    def seen(name: str) -> list[tuple[str, float | None, dict[int, float]]]:
        with database.read() as session:
            study = studies.get(session, name)
            found = observations.of_study(session, study, plan_of(study.definition))
            known = [(one.state, one.value, dict(one.rungs)) for one in found]
            return sorted(known, key=repr)

    pruned = [one for one in seen("source") if one[0] == "pruned"]
    assert len(pruned) == 6
    assert all(rungs for *_, rungs in pruned)
    assert (seen("warm") == seen("source")) == taken


def test_clear_problems(client: Client) -> None:
    source(client, trials=5)
    other = {"width": {"type": "int", "low": 1, "high": 9}}
    metric = {"kind": "external", "metric": "accuracy"}
    client.create_study(external("empty"))
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"warm_start": {"study": "none"}}, "warm_start.study", "no study named 'none'"),
        ({"warm_start": {"study": "empty"}}, "warm_start.study", "nothing to take"),
        ({"warm_start": {"study": "No!"}}, "warm_start.study", "lower-case letters"),
        ({"warm_start": {}}, "warm_start.study", "is missing"),
        ({"warm_start": {"study": "source", "n": 1}}, "warm_start.n", "unknown field"),
        ({**WARM, "space": other}, "warm_start.study", "learning_rate: no such parameter"),
        ({**WARM, "direction": "maximize"}, "warm_start.study", "direction is minimize"),
        ({**WARM, "objective": metric}, "warm_start.study", "metric is value"),
    ]
    for changes, field, message in cases:
        with pytest.raises(Invalid) as caught:
            client.create_study(external("warm", **changes))
        assert caught.value.errors[0].field == field
        assert message in caught.value.errors[0].message
    assert [study.name for study in client.studies()] == ["empty", "source"]
