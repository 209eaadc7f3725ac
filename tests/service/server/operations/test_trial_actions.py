"""One trial under manual control: paused, resumed, extended, cancelled, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import Conflict, Invalid, NotFound
from caviar.service.contract.schemas import Result
from caviar.service.contract.states import StudyState, TrialState
from tests.factories.panda import EPOCHS, study
from tests.factories.studies import external
from tests.fakes.workers import train, train_with
from tests.tables import curve

pytestmark = pytest.mark.usefixtures("each_epoch")


def test_panda_mode_trains_one_network_and_waits(client: Client) -> None:
    client.create_study(study("panda"))
    train(client, "panda")
    trial = client.trial("panda", 0)
    assert (trial.state, trial.epoch, trial.manual) == (TrialState.PAUSED, EPOCHS, True)
    assert trial.reason == "waits for a person"
    assert trial.value == min(curve(client, "panda", 0).values())
    assert client.study("panda").state == StudyState.RUNNING
    [drawn] = client._http.get("/studies/panda/figures/curves").json()["data"]
    assert (drawn["name"], drawn["x"]) == ("paused", list(range(1, EPOCHS + 1)))
    client.resume("panda", 0, author="ana")
    assert client.trial("panda", 0).state == TrialState.COMPLETED
    study_now = client.study("panda")
    assert study_now.state == StudyState.COMPLETED
    assert study_now.best is not None


def test_pause_and_resume_change_no_bits(client: Client, whole: dict[int, float]) -> None:
    client.create_study(study("panda"))
    train_with(client, "panda", {5: lambda: client.pause("panda", 0)})
    trial = client.trial("panda", 0)
    assert (trial.state, trial.epoch, trial.requested_state) == (TrialState.PAUSED, 5, None)
    assert [kept.epoch for kept in trial.checkpoints] == [5]
    assert client.ask("panda").trials == []
    client.resume("panda", 0)
    [leased] = client.ask("panda").trials
    assert (leased.start_epoch, leased.stop_epoch) == (5, EPOCHS)
    client.tell("panda", [Result(number=0, lease=leased.lease.token, state="waiting")])
    train(client, "panda")
    assert curve(client, "panda", 0) == whole


@pytest.mark.parametrize("mode", ["panda", "caviar"])
def test_extending_gives_what_longer_training_gives(client: Client, mode: str) -> None:
    client.create_study(study("longer", epochs=17, mode=mode))
    train(client, "longer")
    client.create_study(study("short", mode=mode))
    train(client, "short")
    extended = client.extend("short", 0, 5)
    assert (extended.state, extended.last_epoch) == (TrialState.WAITING, 17)
    assert client.study("short").state == StudyState.RUNNING
    train(client, "short")
    assert curve(client, "short", 0) == curve(client, "longer", 0)
    assert client.trial("short", 0).value == client.trial("longer", 0).value
    assert client.trial("short", 0).state == client.trial("longer", 0).state or mode == "caviar"


def test_extending_while_it_trains(client: Client) -> None:
    client.create_study(study("longer", epochs=17))
    train(client, "longer")
    client.create_study(study("short"))
    train_with(client, "short", {5: lambda: client.extend("short", 0, 5)})
    assert client.trial("short", 0).state == TrialState.WAITING
    train(client, "short")
    assert curve(client, "short", 0) == curve(client, "longer", 0)


def test_a_cancelled_trial_ends_and_its_worker_is_told(client: Client) -> None:
    client.create_study(study("panda"))
    train_with(
        client, "panda", {4: lambda: client.cancel("panda", 0, author="ana", reason="enough")}
    )
    trial = client.trial("panda", 0)
    assert (trial.state, trial.epoch) == (TrialState.CANCELLED, 3)
    assert trial.reason == "cancelled by ana: enough"
    assert client.study("panda").state == StudyState.COMPLETED


def test_an_external_trial_is_adjusted_and_paused_by_decisions(client: Client) -> None:
    client.create_study(external(objective={"kind": "external", "epochs": 9}))
    [trial] = client.ask("outside").trials
    with pytest.raises(Invalid, match=r"changes\.speed: is no parameter"):
        client.adjust("outside", 0, {"speed": 1})
    client.adjust("outside", 0, {"momentum": 0.95})
    client.pause("outside", 0)
    report = {"number": 0, "lease": trial.lease.token, "epoch": 2, "metrics": {"loss": 1.0}}
    body = {"reports": [report]}
    [decision] = client._http.post("/studies/outside/report", json=body).json()["decisions"]
    assert decision["action"] == "pause"
    assert (decision["adjustments"], decision["adjust_epoch"]) == ({"momentum": 0.95}, 2)
    done = Result(number=0, lease=trial.lease.token, state="paused", epoch=2, value=0.5)
    assert client.tell("outside", [done])[0].recorded
    assert client.trial("outside", 0).state == TrialState.PAUSED
    client.resume("outside", 0)
    [again] = client.ask("outside").trials
    assert (again.start_epoch, again.stop_epoch) == (2, 9)
    assert again.history is not None
    assert again.history.adjustments[0].changes == {"momentum": 0.95}
    with pytest.raises(Conflict, match="only networks"):
        client.rewind("outside", 0, 1)
    with pytest.raises(Conflict, match="only networks"):
        client.fork("outside", 0, count=1)


BAD = [
    ("adjust", {"changes": {"learning_rte": 1}}, "changes.learning_rte", "did you mean"),
    ("adjust", {"changes": {"learning_rate": -1}}, "changes.learning_rate", "above 0"),
    ("adjust", {"changes": {"learning_rate": "x"}}, "changes.learning_rate", "above 0"),
    ("adjust", {"changes": {"hidden_units": 9}}, "changes.hidden_units", "cannot change"),
    ("adjust", {"changes": {}}, "changes", "must not be empty"),
    ("adjust", {}, "changes", "is missing"),
    ("adjust", {"changes": {"l2": 1}, "author": "\x00"}, "author", "NUL character"),
    ("adjust", {"changes": {"l2": 1}, "when": 3}, "when", "unknown field"),
    ("rewind", {"epoch": -1}, "epoch", "greater than or equal to 0"),
    ("rewind", {"epoch": 99}, "epoch", "must be at most 0"),
    ("rewind", {"epoch": 1.5}, "epoch", "valid integer"),
    ("extend", {"epochs": 0}, "epochs", "greater than or equal to 1"),
    ("extend", {"epochs": 1_000_000}, "epochs", "1,000,000"),
    ("fork", {}, "body", "give children"),
    ("fork", {"count": 2, "children": [{}]}, "body", "give children"),
    ("fork", {"children": [{}], "perturb": {"l2": 2.0}}, "body", "perturb"),
    ("fork", {"count": 101}, "count", "less than or equal to 100"),
    ("fork", {"count": 1, "perturb": {"l2": 1.0}}, "perturb.l2", "greater than 1"),
    ("fork", {"count": 1, "perturb": {"optimizer": 2.0}}, "perturb.optimizer", "is no number"),
    ("fork", {"children": [{"changes": {"activation": "tanh"}}]},
     "children[0].changes.activation", "cannot change"),
    ("fork", {"children": [{}], "epoch": 3}, "epoch", "must be at most 0"),
    ("resume", {"release": "yes"}, "release", "valid boolean"),
]  # fmt: skip


@pytest.mark.parametrize(("act", "body", "field", "message"), BAD)
def test_bad_input_is_a_problem_and_changes_nothing(
    client: Client, act: str, body: dict[str, Any], field: str, message: str
) -> None:
    client.create_study(study("panda"))
    client.ask("panda")
    before = client.study("panda"), client.trial("panda", 0)
    answer = client._http.post(f"/studies/panda/trials/0/{act}", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    [error] = answer.json()["errors"]
    assert error["field"] == field
    assert message in error["message"]
    assert (client.study("panda"), client.trial("panda", 0)) == before
    assert client.journal("panda") == []


@pytest.mark.parametrize("act", ["adjust", "pause", "resume", "cancel"])
def test_what_has_ended_cannot_go_on_by_itself(client: Client, act: str) -> None:
    client.create_study(external(trials=1))
    [trial] = client.ask("outside").trials
    client.tell("outside", [Result(number=0, lease=trial.lease.token, value=1.0)])
    revision = client.study("outside").revision
    body = {"changes": {"momentum": 0.95}} if act == "adjust" else {}
    answer = client._http.post(f"/studies/outside/trials/0/{act}", json=body)
    assert answer.status_code == 409
    assert "trial 0 is completed" in answer.json()["detail"]
    assert client.study("outside").revision == revision


def test_no_trial_and_no_study(client: Client) -> None:
    with pytest.raises(NotFound, match="no study"):
        client.pause("nowhere", 0)
    client.create_study(external())
    for call in (lambda: client.pause("outside", 7), lambda: client.journal("outside", 7)):
        with pytest.raises(NotFound, match="no trial 7"):
            call()


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel"])
def test_what_needs_no_more_than_its_trial_needs_no_body(client: Client, verb: str) -> None:
    client.create_study(external(trials=1))
    client.ask("outside")
    answer = client._http.post(f"/studies/outside/trials/0/{verb}")
    assert answer.status_code == 200
    assert answer.json()["journal"][-1]["action"] == verb
    refused = client._http.post(f"/studies/outside/trials/0/{verb}", json={"wy": "typo"})
    assert refused.json()["errors"][0]["field"] == "wy"


def test_a_study_without_trials_says_when_the_first_comes(client: Client) -> None:
    client.create_study(external(trials=1))
    with pytest.raises(NotFound, match="has no trial 0 yet: its first comes when a worker asks"):
        client.trial("outside", 0)
