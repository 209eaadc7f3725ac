"""Void trials: what no longer counts, and the way back."""

from __future__ import annotations

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import Conflict
from caviar.service.contract.schemas import Result
from caviar.service.contract.states import TrialState
from tests.factories.studies import external


def test_best_counts_and_rounds_follow(client: Client) -> None:
    client.create_study(external(trials=2))
    trials = client.ask("outside", count=2).trials
    for trial in trials:
        value = float(trial.number)
        client.tell("outside", [Result(number=trial.number, lease=trial.lease.token, value=value)])
    voided = client.void("outside", 0, "the wrong data", author="ana")
    assert (voided.void, voided.void_reason) == (True, "the wrong data")
    found = client.study("outside")
    assert found.best is not None
    assert (found.best.number, found.void) == (1, 1)
    assert found.trials[TrialState.COMPLETED] == 1
    assert found.progress.finished == 2
    client.unvoid("outside", 0)
    found = client.study("outside")
    assert found.best is not None
    assert (found.best.number, found.void) == (0, 0)
    assert [entry.action for entry in client.journal("outside")] == ["void", "unvoid"]
    with pytest.raises(Conflict, match="not void"):
        client.unvoid("outside", 0)


def test_needs_a_reason_and_an_end(client: Client) -> None:
    client.create_study(external())
    client.ask("outside")
    with pytest.raises(Conflict, match="running and cannot be void: cancel"):
        client.void("outside", 0, "no")
    answer = client._http.post("/studies/outside/trials/0/void", json={})
    assert answer.json()["errors"] == [{"field": "reason", "message": "is missing"}]
