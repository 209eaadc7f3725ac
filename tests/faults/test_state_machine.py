"""Calls at random against a study in memory that says what each of them must do.

`make test` takes few steps; `make faults`, where CAVIAR_FAULTS is larger, takes many.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from caviar.service.server.rules import trial_states
from caviar.service.server.rules.change import Change
from caviar.service.server.store import rows
from caviar.service.server.store.database import Database
from tests.fakes.apps import Apps
from tests.faults import tally
from tests.faults.machine import Machine

EXAMPLES = 4 * tally.FAULTS
STEPS = 25 if tally.FAULTS == 1 else 50


@pytest.fixture
def http(database: Database, apps: Apps) -> httpx.Client:
    """Calls of an app over the database."""
    return httpx.Client(transport=apps.transport(database), base_url="http://localhost")


def run(http: httpx.Client, database: Database, **changes: Any) -> None:
    """Try sequences of calls, the same ones in each run."""
    how: dict[str, Any] = {
        "max_examples": EXAMPLES,
        "stateful_step_count": STEPS,
        "deadline": None,
        "database": None,
        "derandomize": True,
        "report_multiple_bugs": False,
        "suppress_health_check": list(HealthCheck),
    }
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: Machine(http, database), settings=settings(**how | changes)
    )


@pytest.mark.both_databases
def test_a_study_is_what_the_calls_have_made_of_it(http: httpx.Client, database: Database) -> None:
    run(http, database)
    tally.count("calls at random", database.engine.dialect.name, EXAMPLES * STEPS)


def _hear_every_lease(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(trial_states, "is_last_lease", lambda trial, token: True)


def _count_void_trials_by_state(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rows, "_place", lambda state, void: str(state))


def _forget_to_count_after_a_stop(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rows, "recount", lambda session, study: None)


def _show_changes_of_the_study_alone(patch: pytest.MonkeyPatch) -> None:
    mark = Change.mark
    patch.setattr(Change, "mark", lambda change, *trials: mark(change))


@pytest.mark.smoke(plant=_show_changes_of_the_study_alone)
@pytest.mark.parametrize(
    "plant",
    [
        _hear_every_lease,
        _count_void_trials_by_state,
        _forget_to_count_after_a_stop,
        _show_changes_of_the_study_alone,
    ],
)
def test_planted_bugs_are_found(
    plant: Any, http: httpx.Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):  # it need not look for the shortest calls that show it
        run(http, database, max_examples=100, phases=[Phase.generate])
