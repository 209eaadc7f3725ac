"""The contract of ask, report and tell, on both databases."""

from __future__ import annotations

import pytest

from caviar.service.client import Client
from caviar.service.contract.schemas import Report, Result
from caviar.service.contract.states import StudyState, TrialState
from caviar.service.server.operations import leases
from caviar.service.server.store.database import Database
from tests.assertions import assert_problem
from tests.factories.results import result
from tests.factories.studies import external
from tests.fakes.clock import age_leases

pytestmark = pytest.mark.both_databases


def test_a_study_runs_from_create_to_completed(client: Client) -> None:
    created = client.create_study(external(trials=3))
    assert created.state == StudyState.RUNNING
    assert created.progress.total == 3
    answer = client.ask("outside", count=10, worker="me")
    assert [trial.number for trial in answer.trials] == [0, 1, 2]
    assert all(0.9 <= trial.params["momentum"] <= 0.999 for trial in answer.trials)
    recorded = client.tell("outside", [result(t, 1.0 + t.number) for t in answer.trials])
    assert [item.recorded for item in recorded] == [True, True, True]
    study = client.study("outside")
    assert study.state == StudyState.COMPLETED
    assert study.best is not None
    assert (study.best.number, study.best.value) == (0, 1.0)
    assert study.trials[TrialState.COMPLETED] == 3
    assert client.ask("outside").study_state == StudyState.COMPLETED


def test_a_maximized_study_has_the_largest_value_as_its_best(client: Client) -> None:
    client.create_study(external(trials=2, direction="maximize"))
    trials = client.ask("outside", count=2).trials
    client.tell("outside", [result(trial, 1.0 + trial.number) for trial in trials])
    best = client.best("outside")
    assert best is not None
    assert best.value == 2.0


def test_values_come_back_bit_for_bit(client: Client) -> None:
    values = [1 / 3, -0.0, 5e-324, 1.7976931348623157e308, -1e-300]
    client.create_study(external(trials=len(values)))
    trials = client.ask("outside", count=len(values)).trials
    client.tell("outside", [result(t, v) for t, v in zip(trials, values, strict=True)])
    stored = [trial.value for trial in client.trials("outside")]
    assert [repr(value) for value in stored] == [repr(value) for value in values]


def test_a_report_renews_the_lease_and_keeps_the_curve(client: Client, database: Database) -> None:
    client.create_study(external(objective={"kind": "external", "epochs": 5}))
    [trial] = client.ask("outside", lease_seconds=3600).trials
    reports = [
        Report(number=0, lease=trial.lease.token, epoch=epoch, metrics={"loss": 1 / epoch})
        for epoch in (1, 2, 3)
    ]
    age_leases(database, 2000)
    [decision] = client.report("outside", reports)
    assert decision.action == "continue"
    age_leases(database, 2000)  # 4000 s after the ask, and 2000 s after the report
    leases.reap(database)
    shown = client.trial("outside", 0)
    assert (shown.state, shown.epoch) == (TrialState.RUNNING, 3)
    curve = client.curve("outside", 0)
    assert curve.epoch == [1, 2, 3]
    assert curve.metrics == {"loss": [1.0, 0.5, 1 / 3]}


def test_an_expired_lease_brings_the_trial_back_and_fences_the_late_result(
    client: Client, database: Database
) -> None:
    client.create_study(external(trials=1))
    [first] = client.ask("outside", lease_seconds=10).trials
    age_leases(database, 11)
    [second] = client.ask("outside", lease_seconds=10).trials
    assert second.number == first.number
    assert second.params == first.params
    assert second.attempt == 2
    assert second.lease.token != first.lease.token
    [late] = client.tell("outside", [result(first, 0.1)])
    assert not late.recorded
    assert late.problem is not None
    assert late.problem.status == 409
    [kept] = client.tell("outside", [result(second, 0.2)])
    assert kept.recorded
    assert client.trial("outside", first.number).value == 0.2


def test_after_three_lost_attempts_a_trial_fails(client: Client, database: Database) -> None:
    client.create_study(external(trials=1))
    for attempt in (1, 2, 3):
        [trial] = client.ask("outside", lease_seconds=10).trials
        assert trial.attempt == attempt
        age_leases(database, 11)
    leases.reap(database)
    shown = client.trial("outside", 0)
    assert shown.state == TrialState.FAILED
    assert shown.reason is not None
    assert shown.reason.startswith("crash_loop")
    assert client.study("outside").state == StudyState.COMPLETED


def test_a_lease_given_back_counts_no_attempt(client: Client) -> None:
    client.create_study(external())
    [trial] = client.ask("outside").trials
    back = Result(number=0, lease=trial.lease.token, state="waiting")
    assert client.tell("outside", [back])[0].recorded
    assert client.trial("outside", 0).state == TrialState.WAITING
    [again] = client.ask("outside").trials
    assert (again.number, again.attempt) == (0, 1)


def test_a_result_is_taken_once(client: Client) -> None:
    client.create_study(external())
    [trial] = client.ask("outside").trials
    first, second = client.tell("outside", [result(trial, 0.5), result(trial, 0.4)])
    assert (first.recorded, second.recorded) == (True, False)
    assert client.trial("outside", 0).value == 0.5
    revision = client.study("outside").revision
    [third] = client.tell("outside", [result(trial, 0.3)])
    assert not third.recorded
    assert client.study("outside").revision == revision


@pytest.mark.parametrize("number", [7, 2**31, 2**63])
def test_a_result_for_a_number_that_was_never_given_is_refused(client: Client, number: int) -> None:
    client.create_study(external())
    [item] = client.tell("outside", [Result(number=number, lease="x", value=1.0)])
    assert not item.recorded


def test_diverged_and_failed_trials_never_win(client: Client) -> None:
    client.create_study(external(trials=3))
    trials = client.ask("outside", count=3).trials
    client.tell(
        "outside",
        [
            result(trials[0], 3.0),
            Result(number=1, lease=trials[1].lease.token, state="diverged", reason="loss is NaN"),
            Result(number=2, lease=trials[2].lease.token, state="failed", reason="error: boom"),
        ],
    )
    study = client.study("outside")
    assert study.best is not None
    assert study.best.number == 0
    assert study.trials[TrialState.DIVERGED] == study.trials[TrialState.FAILED] == 1


def test_asking_over_all_studies_takes_the_oldest_first(client: Client) -> None:
    client.create_study(external("old", trials=1))
    client.create_study(external("new", trials=2))
    answer = client._call(  # the client asks for networks; here the trainer is the test
        "POST", "/ask", type(client.ask("old")), body={"count": 9, "objective": "external"}
    )
    assert [(trial.study, trial.number) for trial in answer.trials] == [("new", 0), ("new", 1)]


def test_crashed_goes_with_waiting(client: Client) -> None:
    client.create_study(external())
    [trial] = client.ask("outside").trials
    body = {"number": 0, "lease": trial.lease.token, "state": "completed", "value": 1.0}
    answer = client._http.post(
        "/studies/outside/tell", json={"results": [{**body, "crashed": True}]}
    )
    assert answer.status_code == 422
    assert client.trial("outside", 0).state == TrialState.RUNNING


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
