"""Studies: created once, paused, stopped, raised and deleted; changed by what changes something."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import Conflict, NotFound
from caviar.service.contract.schemas import StudyDefinition
from caviar.service.contract.states import StudyState, TrialState
from caviar.service.server import store
from caviar.service.server.operations import studies
from caviar.service.server.store import integrity
from caviar.service.server.store.database import Database
from tests.assertions import assert_problem
from tests.factories.results import result
from tests.factories.studies import external

pytestmark = pytest.mark.both_databases


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


@pytest.mark.parametrize(
    "body",
    [{}, {"state": None}, {"budget": None}, {"budget": {}}, {"budget": {"trials": None}}],
)
def test_an_empty_change_changes_nothing(client: Client, body: dict[str, object]) -> None:
    before = client.create_study(external(trials=5))
    assert_problem(client._http.patch("/studies/outside", json=body), 422)
    assert client.study("outside") == before


def test_a_paused_study_gives_nothing_until_it_runs_again(client: Client) -> None:
    client.create_study(external())
    client.change_study("outside", state="paused")
    answer = client.ask("outside")
    assert (answer.trials, answer.study_state) == ([], StudyState.PAUSED)
    client.change_study("outside", state="running")
    assert len(client.ask("outside").trials) == 1


def test_a_stopped_study_cancels_what_is_open(client: Client) -> None:
    client.create_study(external())
    [trial] = client.ask("outside").trials
    client.change_study("outside", state="stopped")
    assert client.trial("outside", 0).state == TrialState.CANCELLED
    [item] = client.tell("outside", [result(trial)])
    assert not item.recorded
    with pytest.raises(Conflict, match="stopped"):
        client.change_study("outside", state="running")


def test_a_raised_budget_goes_on_where_the_study_ended(client: Client) -> None:
    client.create_study(external(trials=1))
    [trial] = client.ask("outside").trials
    client.tell("outside", [result(trial)])
    assert client.study("outside").state == StudyState.COMPLETED
    client.change_study("outside", trials=3)
    assert [t.number for t in client.ask("outside", count=9).trials] == [1, 2]


def test_a_deleted_study_is_gone_with_everything(client: Client) -> None:
    client.create_study(external())
    client.ask("outside", count=3)
    client.delete_study("outside")
    with pytest.raises(NotFound):
        client.study("outside")
    assert client.create_study(external()).revision == 1
    assert client.trials("outside") == []


def test_a_large_study_is_gone_at_once_and_its_rows_by_and_by(
    client: Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.studies, "REMOVED_AT_ONCE", 4)
    client.create_study(external(budget={"trials": 10}))
    client.ask("outside", count=10, worker="w")
    client.delete_study("outside")
    client.create_study(external())
    assert [study.name for study in client.studies()] == ["outside"]
    with database.read() as session:
        [hidden] = store.studies.hidden(session)
    left = True
    steps = 0
    while left:
        left = database.write(lambda session: store.studies.remove_part(session, hidden))
        steps += 1
    assert steps == 4
    with database.read() as session:
        assert list(integrity.of_studies(session, max_attempts=3)) == []


def test_answers_of_a_deleted_study_are_not_those_of_the_next(client: Client) -> None:
    def post(path: str, body: dict[str, Any]) -> httpx.Response:
        return client._http.post(path, json=body, headers={"Idempotency-Key": "once"})

    tokens = set()
    for _ in range(2):
        created = post("/studies", external())
        assert created.status_code == 201
        assert post("/studies", external()).json() == created.json()
        asked = post("/studies/outside/ask", {})
        assert post("/studies/outside/ask", {}).json() == asked.json()
        tokens.add(asked.json()["trials"][0]["lease"]["token"])
        assert client.trial("outside", 0).worker == "anonymous"
        client.delete_study("outside")
    assert len(tokens) == 2
