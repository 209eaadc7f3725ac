"""What must not be in the tables is found, and nothing where all is well."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from caviar.service.client import Client
from caviar.service.server.operations.database_check import check
from caviar.service.server.store import integrity
from caviar.service.server.store.database import Database
from tests.factories.studies import external
from tests.fakes.searches import search

pytestmark = pytest.mark.both_databases

DAMAGE = {
    "numbered 0 to 5": "UPDATE trials SET number = 9 WHERE number = 5",
    "numbered 0 to 6": "UPDATE studies SET next_number = 7 WHERE name = 'outside'",
    "its row counts": "UPDATE studies SET counts = '{\"completed\":4}' WHERE name = 'outside'",
    "trial 4: the state is unknown": "UPDATE trials SET state = 'lost' WHERE number = 4",
    "trial 0, 1, 2, 3, 4 and 1 more: it has had more than 3": "UPDATE trials SET attempt = 4",
    "trial 5: it runs without a lease": "UPDATE trials SET lease_token = NULL",
    "trial 5: it is open and void": "UPDATE trials SET void = true WHERE number = 5",
    "trial 3: it is newer": "UPDATE trials SET revision = 900 WHERE number = 3",
    "trial 2: its round is not there": "UPDATE trials SET round = 7 WHERE number = 2",
}


def test_each_damage_is_found(client: Client, database: Database) -> None:
    client.create_study(external(trials=20))
    client.create_study(external("empty", trials=20))
    search(client, "outside", trials=5)
    client.ask("outside")
    assert check(database) == []
    for complaint, statement in DAMAGE.items():
        with database.engine.connect() as connection:  # rolled back
            connection.exec_driver_sql(statement)
            found = list(integrity.of_studies(Session(connection), max_attempts=3))
        assert any(complaint in line for line in found), (complaint, found)
        assert not any("empty" in line for line in found)
    assert check(database) == []


def test_rows_without_their_study_are_found(sqlite: Database) -> None:
    with sqlite.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        connection.exec_driver_sql("INSERT INTO warm_starts VALUES (77, 0, '[]')")
        [line] = integrity.of_database(sqlite, Session(connection))
    assert line.startswith("warm_starts: ")
