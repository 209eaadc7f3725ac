"""The models and the migrated schema are the same; migrating twice at once happens once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from service import schema
from service.app import create_app
from service.database import Database, server_lock
from service.errors import Conflict
from service.models import Base
from tests.support.apps import running


def test_the_migrations_make_what_the_models_say(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_migrated_tables_have_the_models_checks_and_indexes(database: Database) -> None:
    inspector = inspect(database.engine)
    for table in Base.metadata.sorted_tables:
        checks = {found["name"] for found in inspector.get_check_constraints(table.name)}
        wanted = {c.name for c in table.constraints if str(c.name).startswith("ck_")}
        assert wanted <= checks
        indexes = {found["name"] for found in inspector.get_indexes(table.name)}
        assert {index.name for index in table.indexes} <= indexes


@pytest.mark.parametrize("value", ["'NaN'", "'Infinity'", "9e999", "-9e999"])
def test_a_value_that_is_not_finite_cannot_be_stored(database: Database, value: str) -> None:
    if database.is_sqlite and value.startswith("'"):
        pytest.skip("SQLite has no NaN, and its infinity is 9e999")
    cast = value if database.is_sqlite else f"{value}::float8" if "'" in value else "'inf'::float8"
    with database.engine.connect() as connection, pytest.raises(IntegrityError):
        connection.execute(
            text(
                "INSERT INTO studies (id, name, kind, state, definition, revision, next_number, "
                "epochs_trained, created_at) VALUES (1, 's', 'external', 'running', '{}', 1, 1, 0, 0)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO trials (study_id, number, round, state, params, value, epoch, metrics, "
                "start_epoch, stop_epoch, attempt, void, revision) "
                f"VALUES (1, 0, 0, 'completed', '{{}}', {cast}, 0, '{{}}', 0, 1, 1, false, 1)"
            )
        )


def test_upgrading_twice_at_once_migrates_once(database_url: str) -> None:
    databases = [Database(database_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(schema.upgrade, databases))
    assert {schema.revision(database) for database in databases} == {"0001"}
    for database in databases:
        database.close()


def test_serving_an_unmigrated_database_is_refused_in_one_line(database_url: str) -> None:
    database = Database(database_url)
    with pytest.raises(Conflict, match="caviar db upgrade"), running(create_app(database)):
        pass
    database.close()


def test_a_second_server_on_an_sqlite_file_is_refused(sqlite: Database) -> None:
    with server_lock(sqlite), pytest.raises(Conflict, match="another caviar server"):
        with server_lock(Database(str(sqlite.url))):
            pass
