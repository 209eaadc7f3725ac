"""The models and the migrated schema are the same; migrating twice at once happens once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from caviar.service.contract.errors import Conflict, Invalid
from caviar.service.contract.schemas import AskBody, StudyDefinition
from caviar.service.server.app import create_app
from caviar.service.server.operations import leases, studies
from caviar.service.server.store import schema
from caviar.service.server.store.database import Database, connected
from caviar.service.server.store.models import Base
from caviar.service.server.store.server_lock import server_lock
from tests.factories.studies import external
from tests.fakes.apps import running

pytestmark = pytest.mark.both_databases


def test_the_migrations_make_what_the_models_say(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_migrated_tables_have_the_models_checks_and_indexes(database: Database) -> None:
    inspector = inspect(database.engine)
    for table in Base.metadata.sorted_tables:
        checks = {found["name"] for found in inspector.get_check_constraints(table.name)}
        named = {str(constraint.name) for constraint in table.constraints}
        assert {name for name in named if name.startswith("ck_")} == checks
        found = inspector.get_indexes(table.name)
        indexes = {index["name"] for index in found if "duplicates_constraint" not in index}
        assert {index.name for index in table.indexes} == indexes


# SQLite has no NaN, and 9e999 is its infinity.
NOT_FINITE = {
    "sqlite": ("9e999", "-9e999"),
    "postgresql": ("'NaN'", "'Infinity'", "'-Infinity'"),
}


def test_a_value_that_is_not_finite_cannot_be_stored(database: Database) -> None:
    studies.create(database, StudyDefinition.model_validate(external()))
    leases.ask(database, "outside", AskBody(count=1))
    change = "UPDATE trials SET value = {value}"
    for value in NOT_FINITE[database.url.get_backend_name()]:
        with (
            pytest.raises(IntegrityError, match="value_is_finite"),
            database.engine.connect() as connection,
        ):
            connection.execute(text(change.format(value=value)))
    with database.engine.connect() as connection:
        connection.execute(text(change.format(value="-1.5e308")))


def test_making_the_schema_twice_at_once_happens_once(empty_database_url: str) -> None:
    databases = [Database(empty_database_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(schema.prepare, databases))
    assert {schema.revision(database) for database in databases} == {schema.revisions()[-1]}
    assert not schema.prepare(databases[0])
    for database in databases:
        database.close()


def test_alembic_finds_the_same_revisions(database: Database) -> None:
    with connected(database) as connection:
        scripts = ScriptDirectory.from_config(schema._config(connection))
    known = [script.revision for script in scripts.walk_revisions()]
    assert list(reversed(known)) == list(schema.revisions())


def test_only_an_empty_database_gets_its_tables_unasked(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE customers (id INTEGER)"))
    with pytest.raises(Conflict, match=r"customers.*--database"):
        schema.prepare(database)
    assert schema.revision(database) is None
    schema.upgrade(database)
    assert not schema.prepare(database)
    schema.downgrade(database)
    with pytest.raises(Conflict, match="caviar db upgrade"):
        schema.prepare(database)
    database.close()


def test_a_schema_goes_back_and_forth_and_names_its_maker(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(empty_database_url)
    schema.upgrade(database)
    newest = schema.revision(database)
    assert schema.downgrade(database, "0003") == (newest, "0003")
    assert schema.downgrade(database) == ("0003", "0002")
    with pytest.raises(Invalid, match="REVISION: must be one before 0002: 0001"):
        schema.downgrade(database, newest)
    monkeypatch.setattr(schema, "__version__", "12.34.5")
    schema.upgrade(database)
    monkeypatch.undo()
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for refused in (schema.upgrade, schema.downgrade, schema.require_current):
        with pytest.raises(Conflict, match=r"has schema 9999, which Caviar 12\.34\.5 made"):
            refused(database)
    database.close()


def test_serving_an_unmigrated_database_is_refused_in_one_line(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    with pytest.raises(Conflict, match="caviar db upgrade"), running(create_app(database)):
        pass
    database.close()


def test_a_second_server_on_an_sqlite_file_is_refused(sqlite: Database) -> None:
    second = server_lock(Database(str(sqlite.url)))
    with server_lock(sqlite), pytest.raises(Conflict, match="another caviar server"), second:
        pass
