"""Rounds: each is opened once, and none too early."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from caviar.service.contract.schemas import StudyDefinition
from caviar.service.server.operations import leases, rounds, studies
from caviar.service.server.store.database import Database
from tests.factories.studies import external

pytestmark = pytest.mark.both_databases


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
    _, _, listed = rounds.show(database, "outside")
    assert len(json.loads(listed)["rounds"]) == 1
