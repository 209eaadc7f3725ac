from typing import Any

import pytest

from caviar.service.contract.states import TrialState
from caviar.service.server.rules.observations import teaches
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
