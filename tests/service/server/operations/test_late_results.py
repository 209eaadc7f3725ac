"""Results and reports that come after their lease has run out, and trials that are given back."""

from __future__ import annotations

import logging

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import Conflict
from caviar.service.contract.schemas import Held, LeasedTrial, Report, Result
from caviar.service.contract.states import StudyState, TrialState
from caviar.service.server.operations import leases
from caviar.service.server.store.database import Database
from tests.factories.results import result
from tests.factories.studies import external
from tests.fakes.clock import age_leases

pytestmark = pytest.mark.both_databases


def run_out(client: Client, database: Database) -> LeasedTrial:
    """Lease a trial of the study, and let its lease run out."""
    [leased] = client.ask("outside", lease_seconds=10).trials
    age_leases(database, 11)
    leases.reap(database)
    return leased


def report(trial: LeasedTrial, epoch: int, **fields: bool) -> Report:
    """A report of an epoch whose loss is one over its number."""
    metrics = {"loss": 1.0 / epoch} if epoch else {}
    return Report(
        number=trial.number, lease=trial.lease.token, epoch=epoch, metrics=metrics, **fields
    )


def test_trials_that_are_trained_one_after_the_other_for_longer_than_their_leases(
    client: Client, database: Database
) -> None:
    client.create_study(external(trials=4))
    leased = client.ask("outside", count=4, lease_seconds=60).trials
    for trial in leased:
        age_leases(database, 70)
        leases.reap(database)
        [told] = client.tell("outside", [result(trial, 1.0 + trial.number)])
        assert told.recorded
    ended = client.trials("outside")
    assert [trial.state for trial in ended] == [TrialState.COMPLETED] * 4
    assert [trial.value for trial in ended] == [1.0, 2.0, 3.0, 4.0]
    assert {(trial.attempt, trial.reason) for trial in ended} == {(1, None)}
    assert client.study("outside").state == StudyState.COMPLETED


def test_a_late_report_renews_the_lease_and_nothing_of_the_curve_is_lost(
    client: Client, database: Database
) -> None:
    client.create_study(external(objective={"kind": "external", "epochs": 4}))
    [trial] = client.ask("outside", lease_seconds=10).trials
    client.report("outside", [report(trial, 1), report(trial, 2)])
    age_leases(database, 11)
    leases.reap(database)
    waiting = client.trial("outside", 0)
    assert (waiting.state, waiting.attempt) == (TrialState.WAITING, 1)
    assert waiting.reason == "its lease of 10 s ran out without a report"
    [decision] = client.report("outside", [report(trial, 3)])
    assert (decision.action, decision.problem) == ("continue", None)
    running = client.trial("outside", 0)
    assert (running.state, running.attempt, running.reason) == (TrialState.RUNNING, 1, None)
    assert client.tell("outside", [result(trial, 0.25)])[0].recorded
    assert client.curve("outside", 0).epoch == [1, 2, 3]
    assert client.study("outside").progress.epochs_trained == 4


def test_a_trial_that_another_has_is_refused_loudly_and_one_of_its_epochs_is_trained_again(
    client: Client, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    client.create_study(external(trials=1, objective={"kind": "external", "epochs": 4}))
    [first] = client.ask("outside", lease_seconds=10).trials
    client.report("outside", [report(first, 3)])
    age_leases(database, 11)
    [second] = client.ask("outside").trials
    assert (second.number, second.attempt, second.start_epoch) == (0, 2, 0)
    assert client.curve("outside", 0).epoch == []
    with caplog.at_level(logging.WARNING, "caviar"):
        [late] = client.tell("outside", [result(first, 0.1)])
    assert not late.recorded
    assert late.problem is not None
    assert "another worker has trial 0" in late.problem.detail
    assert "trial 0 of study 'outside' was not recorded: another worker" in caplog.text
    assert client.report("outside", [report(first, 4)])[0].action == "stop"
    with pytest.raises(Conflict, match="lease"):
        client.put_checkpoint("outside", 0, b"late", lease=first.lease.token, epoch=3)


def test_a_trial_whose_lease_ran_out_is_leased_last(client: Client, database: Database) -> None:
    client.create_study(external(trials=3))
    slow = run_out(client, database)
    assert slow.number == 0
    rest = client.ask("outside", count=3).trials
    assert [(trial.number, trial.attempt) for trial in rest] == [(1, 1), (2, 1), (0, 2)]


def test_a_prefetched_trial_begins_late(client: Client, database: Database) -> None:
    client.create_study(external())
    [trial] = client.ask("outside", lease_seconds=10, prefetched=True).trials
    age_leases(database, 11)
    leases.reap(database)
    assert client.trial("outside", 0).attempt == 0
    assert client.report("outside", [report(trial, 0)])[0].action == "continue"
    assert client.trial("outside", 0).attempt == 1


class TestAfterTheLastAttempt:
    """A trial that failed since its lease ran out for the third time."""

    @pytest.fixture
    def last(self, client: Client, database: Database) -> LeasedTrial:
        """Its last lease."""
        client.create_study(external(trials=1))
        last = [run_out(client, database) for _ in range(3)][-1]
        failed = client.trial("outside", 0)
        assert failed.state == TrialState.FAILED
        assert failed.reason == (
            "crash_loop: 3 attempts were lost, the last one when its lease of 10 s ran out: renew "
            "a lease with reports, or ask with a larger lease_seconds"
        )
        return last

    def test_its_result_is_taken(self, client: Client, last: LeasedTrial) -> None:
        assert client.study("outside").state == StudyState.COMPLETED
        assert client.tell("outside", [result(last, 0.5)])[0].recorded
        trial = client.trial("outside", 0)
        assert (trial.state, trial.value, trial.reason) == (TrialState.COMPLETED, 0.5, None)
        study = client.study("outside")
        assert study.state == StudyState.COMPLETED
        assert study.best is not None
        assert not client.tell("outside", [result(last, 0.4)])[0].recorded

    def test_it_is_not_trained_on(self, client: Client, last: LeasedTrial) -> None:
        assert client.report("outside", [report(last, 1)])[0].action == "stop"
        assert not client.release("outside", [last])[0].released
        assert client.trial("outside", 0).state == TrialState.FAILED

    def test_what_a_person_does_to_it_stands(self, client: Client, last: LeasedTrial) -> None:
        client.void("outside", 0, "the machine was too slow")
        assert not client.tell("outside", [result(last, 0.5)])[0].recorded


def test_what_a_person_does_to_a_trial_ends_its_lease_that_ran_out(
    client: Client, database: Database
) -> None:
    client.create_study(external())
    slow = run_out(client, database)
    client.pause("outside", 0)
    [late] = client.tell("outside", [result(slow, 0.5)])
    assert not late.recorded
    assert late.problem is not None
    assert "trial 0 is paused" in late.problem.detail
    assert client.trial("outside", 0).state == TrialState.PAUSED


def test_a_stopped_study_takes_no_late_result(client: Client, database: Database) -> None:
    client.create_study(external())
    slow = run_out(client, database)
    client.change_study("outside", state="stopped")
    assert not client.tell("outside", [result(slow, 0.5)])[0].recorded
    assert client.trial("outside", 0).state == TrialState.CANCELLED


class TestRelease:
    """Leased trials that are given back."""

    def test_they_wait_again_at_once_and_no_attempt_is_counted(self, client: Client) -> None:
        client.create_study(external(trials=3))
        leased = client.ask("outside", count=3).trials
        released = client.release("outside", leased[:2])
        assert [(item.number, item.released) for item in released] == [(0, True), (1, True)]
        states = [trial.state for trial in client.trials("outside")]
        assert states == [TrialState.WAITING, TrialState.WAITING, TrialState.RUNNING]
        again = client.ask("outside", count=3).trials
        assert [(trial.number, trial.attempt) for trial in again] == [(0, 1), (1, 1)]
        assert again[0].params == leased[0].params

    def test_a_stale_lease_is_the_problem_of_its_trial(self, client: Client) -> None:
        client.create_study(external(trials=2))
        first, second = client.ask("outside", count=2).trials
        client.tell("outside", [result(first, 0.5)])
        items = client.release("outside", [first, second, Held(number=7, lease="x")])
        assert [item.released for item in items] == [False, True, False]
        details = [item.problem.detail for item in items if item.problem is not None]
        assert details == [
            "trial 0 is completed already: nothing more is taken of it",
            "there is no trial 7",
        ]

    def test_one_whose_lease_ran_out(self, client: Client, database: Database) -> None:
        client.create_study(external())
        slow = run_out(client, database)
        assert client.release("outside", [slow])[0].released
        assert not client.tell("outside", [Result(number=0, lease=slow.lease.token, value=1.0)])[
            0
        ].recorded
        assert client.ask("outside").trials[0].attempt == 1
