"""Studies: created once, and changed by what changes something."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from service import studies
from service.client import Client
from service.database import Database
from service.errors import Conflict
from service.schemas import StudyDefinition
from tests.support.problems import assert_problem
from tests.support.studies import external


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


@pytest.mark.parametrize("body", [{}, {"state": None}, {"budget": None}, {"budget": {}}])
def test_an_empty_change_changes_nothing(client: Client, body: dict[str, object]) -> None:
    before = client.create_study(external(trials=5))
    assert_problem(client._http.patch("/studies/outside", json=body), 422)
    assert client.study("outside") == before
