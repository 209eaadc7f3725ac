from typing import Any

import pytest

from benchmarks.filled import definition, fill
from caviar.service.contract import limits
from caviar.service.contract.states import TrialState
from caviar.service.server import store
from caviar.service.server.rules import observations
from caviar.service.server.rules.observations import teaches
from caviar.service.server.rules.plans import compile_plan
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import TrialRow


def trial(**changes: Any) -> TrialRow:
    fields = {
        "state": TrialState.COMPLETED,
        "manual": False,
        "adjusted": False,
        "origin": None,
        "replica_of": None,
    }
    return TrialRow(**fields | changes)


@pytest.mark.parametrize("state", ["completed", "pruned", "failed", "diverged"])
def test_what_ended_by_itself_teaches(state: str) -> None:
    assert teaches(trial(state=state))


@pytest.mark.parametrize(
    "change",
    [
        {"state": "cancelled"},
        {"manual": True},
        {"adjusted": True},
        {"origin": {"number": 3}},
        {"replica_of": 3},
    ],
)
def test_what_a_person_did_teaches_nothing(change: dict[str, Any]) -> None:
    assert not teaches(trial(**change))


def test_a_warm_start_finds_the_best_by_index(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, "filled", 300)
    plan = compile_plan(definition("later", 300))
    monkeypatch.setattr(limits, "WARM_START_TRIALS", 20)
    monkeypatch.setattr(observations, "MOST_READ", 0)
    of_all = database.write(lambda session: observations.take(session, "filled", plan))
    monkeypatch.setattr(observations, "MOST_READ", 100)
    monkeypatch.setattr(store.samples, "history", None)
    by_index = database.write(lambda session: observations.take(session, "filled", plan))
    assert len(by_index) == 20
    assert by_index == of_all
