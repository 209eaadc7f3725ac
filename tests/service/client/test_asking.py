"""A loop over asked trials whose leases run out, or whose body is interrupted."""

from __future__ import annotations

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import Conflict
from caviar.service.contract.states import TrialState
from caviar.service.server.store.database import Database
from tests.factories.studies import external
from tests.fakes.clock import age_leases


def test_a_result_that_is_refused_is_an_error_that_says_why(
    client: Client, database: Database
) -> None:
    study = client.create_study(external(trials=1))
    trials = study.ask()
    slow = next(trials)
    age_leases(database, 100)
    [other] = client.ask("outside").trials
    with pytest.raises(Conflict, match="trial 0 was not taken: another worker has trial 0 now"):
        slow.tell(0.5)
    client.release("outside", [other])
    for trial in study.ask():
        age_leases(database, 100)
        trial.tell(0.25)  # late, and it was not leased again
    assert client.trial("outside", 0).value == 0.25


def test_a_loop_that_is_interrupted_gives_its_trial_back_at_once(client: Client) -> None:
    study = client.create_study(external())

    def interrupted() -> None:
        for _ in study.ask():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    trial = client.trial("outside", 0)
    assert (trial.state, trial.attempt) == (TrialState.WAITING, 0)
