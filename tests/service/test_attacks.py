"""What once went wrong when Caviar was attacked, and must not again."""

from __future__ import annotations

import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from service import leases, rounds, segments, studies
from service.app import create_app
from service.client import Client
from service.database import Database
from service.errors import CaviarError, Conflict, Invalid, NotFound
from service.groups import Grouping
from service.schemas import Report, StudyDefinition
from service.segments import Segment
from service.states import TrialState
from tests.service.test_bad_input import assert_problem
from tests.support.apps import running
from tests.support.leases import age_leases, age_studies
from tests.support.studies import external, network
from tests.support.training import Dying, Killed, curve, train, train_with


def test_a_study_made_anew_under_an_old_name_is_trained_as_it_says_now(client: Client) -> None:
    grouping = Grouping(client, jobs=1)
    for dataset in ("wine", "moons"):
        definition = network(trials=1)
        definition["objective"]["dataset"] = dataset
        client.create_study(definition)
        [group] = grouping.of(client.ask("inside").trials)
        assert group.objective.dataset == dataset
        client.delete_study("inside")


def test_trials_that_a_dead_worker_only_held_count_no_attempt(
    client: Client, database: Database
) -> None:
    client.create_study(external(trials=2))
    for _ in range(5):
        begun, held = client.ask("outside", count=2, held=True, lease_seconds=10).trials
        report = {"number": begun.number, "lease": begun.lease.token, "epoch": 0}
        client.report("outside", [Report.model_validate(report)])
        renewal = {"number": held.number, "lease": held.lease.token, "epoch": 0, "held": True}
        client.report("outside", [Report.model_validate(renewal)])
        age_leases(database, 11)
        leases.reap(database)
        if client.trial("outside", 0).state == TrialState.FAILED:
            break
    first, second = client.trials("outside")
    assert (first.state, first.attempt) == (TrialState.FAILED, 3)
    assert (second.state, second.attempt) == (TrialState.WAITING, 0)


def test_a_metric_may_be_named_epoch(client: Client) -> None:
    client.create_study(external(objective={"kind": "external", "epochs": 9}))
    [trial] = client.ask("outside").trials
    for epoch, metrics in ((1, {"epoch": 5.5}), (2, {"loss": 1.0})):
        report = Report(number=0, lease=trial.lease.token, epoch=epoch, metrics=metrics)
        client.report("outside", [report])
    curve = client.curve("outside", 0)
    assert curve.epoch == [1, 2]
    assert curve.metrics == {"epoch": [5.5, None], "loss": [None, 1.0]}
    for name in ("best_so_far", "parameters", "curves"):
        assert client._http.get(f"/studies/outside/figures/{name}").status_code == 200


def test_asks_at_once_open_each_round_once(database: Database) -> None:
    definition = external(trials=60, sampler={"kind": "coarse_to_fine"})
    studies.create(database, StudyDefinition.model_validate(definition))

    def ask(_: int) -> int:
        body = leases.schemas.AskBody(count=60)
        return len(leases.ask(database, "outside", body).trials)

    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(ask, range(8)))
    assert sum(1 for count in taken if count) == 1


def test_a_late_ask_opens_no_round_over_trials_that_still_run(database: Database) -> None:
    definition = external(trials=60, sampler={"kind": "coarse_to_fine"})
    studies.create(database, StudyDefinition.model_validate(definition))
    assert leases.ask(database, "outside", leases.schemas.AskBody(count=60)).trials
    rounds.open_next(database, "outside")  # as an ask does that saw no round a moment ago
    assert len(rounds.list_all(database, "outside")) == 1


def test_one_name_created_many_times_at_once_is_created_once(database: Database) -> None:
    definition = StudyDefinition.model_validate(external())

    def create(_: int) -> bool:
        try:
            studies.create(database, definition)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(create, range(16))).count(True) == 1


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/studies", True),
        ("/studies", 10**40),
        ("/studies", [1]),
        ("/studies/outside/trials", [True, True]),
        ("/studies/outside/trials", [10**40, 0]),
        ("/studies/outside/trials", [0, 0.5, 1]),
        ("/studies/outside/trials", [float("nan"), 0]),
        ("/studies/outside/trials", ["a", "b"]),
    ],
)
def test_a_forged_page_token_is_refused(client: Client, path: str, key: object) -> None:
    client.create_study(external())
    token = base64.urlsafe_b64encode(json.dumps(key).encode()).decode()
    assert_problem(client._http.get(path, params={"page_token": token}), 422)


FAILING_SPACES = {
    "hidden_units_2": {
        "hidden_layers": {"type": "int", "low": 1, "high": 3},
        "hidden_units_1": {"type": "int", "low": 4, "high": 8},
        "hidden_units_2": {"type": "int", "low": 4, "high": 8, "when": {"hidden_layers": [3]}},
        "hidden_units_3": {"type": "int", "low": 4, "high": 8, "when": {"hidden_layers": [3]}},
    },
    "hidden_units": {
        "activation": {"type": "categorical", "choices": ["relu", "tanh", "sigmoid"]},
        "optimizer": {"type": "categorical", "choices": ["adam", "gd", "momentum"]},
        "hidden_units": {"type": "int", "low": 4, "high": 8, "when": {"activation": ["tanh"]}},
        "hidden_units_1": {"type": "int", "low": 4, "high": 8, "when": {"optimizer": ["gd"]}},
    },
    "decay": {
        "optimizer": {"type": "categorical", "choices": ["adam", "momentum", "gd"]},
        "activation": {
            "type": "categorical",
            "choices": ["relu", "tanh"],
            "when": {"optimizer": ["momentum"]},
        },
        "decay": {
            "type": "categorical",
            "choices": ["linear", "none"],
            "when": {"activation": ["tanh"]},
        },
    },
}


@pytest.mark.parametrize("name", FAILING_SPACES)
def test_a_space_with_settings_that_no_network_can_have_is_refused(
    client: Client, name: str
) -> None:
    definition = network(space=FAILING_SPACES[name])
    definition["objective"]["settings"] = {}
    with pytest.raises(Invalid, match=rf"space\.{name}"):
        client.create_study(definition)


def test_a_network_of_billions_of_weights_is_refused(client: Client) -> None:
    definition = network(
        space={
            "hidden_units": {"type": "int", "low": 16000, "high": 16384},
            "hidden_layers": {"type": "int", "low": 19, "high": 20},
        }
    )
    definition["objective"]["settings"] = {}
    with pytest.raises(Invalid, match="weights"):
        client.create_study(definition)


@pytest.mark.parametrize("body", [{}, {"state": None}, {"budget": None}, {"budget": {}}])
def test_an_empty_change_changes_nothing(client: Client, body: dict[str, object]) -> None:
    before = client.create_study(external(trials=5))
    assert_problem(client._http.patch("/studies/outside", json=body), 422)
    assert client.study("outside") == before


def test_the_same_revision_means_the_same_content(client: Client) -> None:
    client.create_study(external(objective={"kind": "external", "epochs": 9}))
    [trial] = client.ask("outside").trials
    before = client.study("outside").revision
    report = Report(number=0, lease=trial.lease.token, epoch=0)
    client.report("outside", [report])  # it only renews the lease
    assert client.study("outside").revision == before
    client.report("outside", [report.model_copy(update={"epoch": 4})])
    assert client.study("outside").revision == before + 1
    assert client.trials("outside", since=before)[0].epoch == 4


@pytest.mark.parametrize("call", ["report", "tell"])
def test_an_epoch_beyond_the_segment_is_refused(client: Client, call: str) -> None:
    client.create_study(external(objective={"kind": "external", "epochs": 3}))
    [trial] = client.ask("outside").trials
    item = {"number": 0, "lease": trial.lease.token, "epoch": 4}
    body = {"reports": [item]} if call == "report" else {"results": [item | {"value": 1.0}]}
    response = client._http.post(f"/studies/outside/{call}", json=body)
    assert_problem(response, 422)
    assert response.json()["errors"][0]["field"].endswith("[0].epoch")
    assert client.trial("outside", 0).epoch == 0


@pytest.mark.parametrize("server", ["nope", "", "http://[", "ftp://host", "http://"])
def test_an_address_that_is_none_is_refused_at_once(server: str) -> None:
    with pytest.raises(CaviarError, match="is not an address"):
        Client(server)


@pytest.mark.parametrize("name", ["../health", "a?x", "a/trials", "", "."])
def test_a_name_stays_one_part_of_the_path(client: Client, name: str) -> None:
    client.create_study(external("a"))
    with pytest.raises(CaviarError) as caught:
        client.study(name)
    assert caught.value.status in (404, 422)


def test_the_description_speaks_of_problems(client: Client) -> None:
    spec = client._http.get("/openapi.json").json()
    for methods in spec["paths"].values():
        for operation in methods.values():
            content = operation["responses"]["4XX"]["content"]
            assert list(content) == ["application/problem+json"]
    assert "Problem" in spec["components"]["schemas"]


def test_an_objective_of_no_kind_names_the_kind(client: Client) -> None:
    for objective in ({}, {"kind": "x"}, {"kind": ["a"]}):
        response: httpx.Response = client._http.post("/studies", json=external(objective=objective))
        assert_problem(response, 422)
        assert response.json()["errors"][0]["field"] == "objective.kind"


def test_a_study_deleted_under_a_pool_takes_no_other_study_along(client: Client) -> None:
    for name in ("first", "second"):
        client.create_study(network(name, trials=2))
    leased = client.ask(None, count=4).trials
    assert {trial.study for trial in leased} == {"first", "second"}
    client.delete_study("first")
    groups = Grouping(client, jobs=1).of(leased)
    assert {group.study for group in groups} == {"second"}


def test_a_study_deleted_under_an_ask_of_all_takes_no_other_study_along(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.create_study(network("first", trials=2))
    client.create_study(network("second", trials=2))
    ask = leases.ask

    def delete_then_ask(database: Database, name: str, *given: Any) -> Any:
        if name == "first":
            studies.delete(database, name)
        return ask(database, name, *given)

    monkeypatch.setattr(leases, "ask", delete_then_ask)
    assert {trial.study for trial in client.ask(None, count=4).trials} == {"second"}


def test_a_lane_whose_checkpoint_is_gone_keeps_no_other_lane_waiting(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "REPORT_SECONDS", 0.0)
    client.create_study(network(trials=2))
    acts = {1: lambda: [client.pause("inside", number) for number in (0, 1)]}
    train_with(client, "inside", acts)
    paused = [client.trial("inside", number).epoch for number in (0, 1)]
    for number in (0, 1):
        client.resume("inside", number)
    leased = client.ask("inside", count=2).trials
    assert [trial.start_epoch for trial in leased] == paused
    assert all(paused)
    client.rewind("inside", 0, 0)
    for group in Grouping(client, jobs=1).of(leased):
        Segment(client, group).train()
    assert client.trial("inside", 0).state == TrialState.PAUSED
    assert client.trial("inside", 1).epoch == 3
    [group] = Grouping(client, jobs=1).of(leased[:1])
    with pytest.raises(NotFound, match="checkpoints that its trials go on from are gone"):
        Segment(client, group)


def test_a_reaper_that_fails_once_looks_again(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looked = threading.Event()
    fails = iter([True])

    def reap(database: Database) -> None:
        if next(fails, False):
            raise RuntimeError("a bug")
        looked.set()

    monkeypatch.setattr(leases, "reap", reap)
    with running(create_app(sqlite, reap_seconds=0.001)):
        assert looked.wait(timeout=30)
    assert "the reaper failed" in caplog.text


def test_a_fork_of_a_trial_on_its_way_back_leaves_where_it_will_wait(client: Client) -> None:
    definition = network(trials=1, mode="panda")
    definition["objective"]["epochs"] = 6
    client.create_study(definition)
    train(client, "inside")
    client.rewind("inside", 0, 4)  # no checkpoint is kept of it: it trains up to there
    back = client.trial("inside", 0)
    assert (back.state, back.epoch, back.stop_epoch) == (TrialState.WAITING, 0, 4)
    forked = client.fork("inside", 0, children=[{"learning_rate": 0.5}], twin=True)
    [entry] = client.trial("inside", forked.children[0]).journal
    assert entry.epoch == 4
    client.rewind("inside", 0, 3)
    with pytest.raises(Invalid, match="must be at most 3, where the trial is"):
        client.rewind("inside", 0, 4)
    train(client, "inside")
    assert client.trial("inside", 0).epoch == 3
    own, same = (curve(client, "inside", n) for n in (forked.children[0], forked.twin or 0))
    assert [own[e] == same[e] for e in range(1, 7)] == [True] * 4 + [False] * 2


def test_a_study_whose_time_is_over_takes_no_more_to_train(
    client: Client, database: Database
) -> None:
    client.create_study(network(trials=2, budget={"trials": 2, "seconds": 3600}))
    train(client, "inside")
    client.change_study("inside", trials=3)
    client.ask("inside")
    age_studies(database, 3601)
    for act in (
        lambda: client.fork("inside", 0, epoch=0, children=[{"learning_rate": 0.1}]),
        lambda: client.rewind("inside", 0, 0),
        lambda: client.extend("inside", 0, 1),
        lambda: client.replicate("inside", top=1, seeds=1),
    ):
        with pytest.raises(Conflict, match="seconds of the study's budget are over"):
            act()
    assert [trial.number for trial in client.trials("inside")] == [0, 1, 2]
    client.change_study("inside", seconds=7200)
    client.extend("inside", 0, 1)


def test_a_stopped_study_keeps_no_checkpoint_of_what_it_cancelled(
    client: Client, database: Database
) -> None:
    client.create_study(network(trials=2))
    leased = client.ask("inside", count=2).trials
    for group in Grouping(client, jobs=1, checkpoint_seconds=0).of(leased):
        with pytest.raises(Killed):
            Segment(Dying(client, reports=2), group).train()  # type: ignore[arg-type]
    client.pause("inside", 1)
    client.change_study("inside", state="stopped")
    with database.read() as session:
        numbers = set(session.execute(text("SELECT number FROM checkpoints")).scalars())
    assert numbers == {1}  # which its person may look at
