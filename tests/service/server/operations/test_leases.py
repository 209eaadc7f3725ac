"""Leases: what asking gives while others ask and delete, and what the reaper expires."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import Conflict
from caviar.service.contract.schemas import Report
from caviar.service.contract.states import TrialState
from caviar.service.server.app import create_app
from caviar.service.server.operations import leases, studies
from caviar.service.server.store.database import Database
from tests.factories.studies import external, network
from tests.fakes.apps import running
from tests.fakes.clock import age_leases

pytestmark = pytest.mark.both_databases


def test_trials_that_a_dead_worker_only_held_count_no_attempt(
    client: Client, database: Database
) -> None:
    client.create_study(external(trials=2))
    for _ in range(5):
        begun, waiting = client.ask("outside", count=2, prefetched=True, lease_seconds=10).trials
        report = {"number": begun.number, "lease": begun.lease.token, "epoch": 0}
        client.report("outside", [Report.model_validate(report)])
        renewal = {
            "number": waiting.number,
            "lease": waiting.lease.token,
            "epoch": 0,
            "prefetched": True,
        }
        client.report("outside", [Report.model_validate(renewal)])
        age_leases(database, 11)
        leases.reap(database)
        if client.trial("outside", 0).state == TrialState.FAILED:
            break
    first, second = client.trials("outside")
    assert (first.state, first.attempt) == (TrialState.FAILED, 3)
    assert (second.state, second.attempt) == (TrialState.WAITING, 0)


def test_a_study_deleted_under_an_ask_of_all_takes_no_other_study_along(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.create_study(network("first", trials=2))
    client.create_study(network("second", trials=2))
    ask = leases.ask

    def delete_then_ask(database: Database, name: str, *given: Any, **keys: Any) -> Any:
        if name == "first":
            studies.delete(database, name)
        return ask(database, name, *given, **keys)

    monkeypatch.setattr(leases, "ask", delete_then_ask)
    assert {trial.study for trial in client.ask(None, count=4).trials} == {"second"}


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


@pytest.mark.parametrize(
    ("quota", "of_b", "whose"),
    [("leases_of_a_study", 0, "study 'outside'"), ("leases_of_a_worker", 3, "worker 'a'")],
)
def test_open_leases_are_limited(
    client: Client, allow: Callable[..., None], quota: str, of_b: int, whose: str
) -> None:
    allow(**{quota: 3})
    client.create_study(external(trials=10))
    first = client.ask("outside", count=2, worker="a").trials
    assert len(client.ask("outside", count=2, worker="a").trials) == 1
    with pytest.raises(Conflict, match=f"{whose} has 3 open leases"):
        client.ask("outside", worker="a")
    if of_b:
        assert len(client.ask("outside", count=of_b, worker="b").trials) == of_b
    client.release("outside", first)
    assert len(client.ask("outside", count=2, worker="a").trials) == 2
