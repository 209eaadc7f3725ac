"""`caviar db`: backups, the way back to an older schema, and a schema that is newer."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from caviar.service.client import Client
from caviar.service.local.place import open_database
from caviar.service.server.operations import trials
from caviar.service.server.store.database import Database
from tests.commands import fails, invoke, run
from tests.factories.studies import external
from tests.fakes.apps import listening
from tests.fakes.searches import search


def folder(path: Path) -> tuple[str, str]:
    """The option for a data folder."""
    return ("--data", str(path))


def test_a_backup_is_taken_while_a_server_writes(sqlite: Database, tmp_path: Path) -> None:
    data, kept = Path(str(sqlite.url.database)).parent, tmp_path / "kept" / "caviar.sqlite"
    kept.parent.mkdir()
    with listening(sqlite) as server, Client(server) as client:
        client.create_study(external(trials=20))
        search(client, "outside", trials=10)
        printed = run("db", "backup", str(kept), *folder(data))
        assert f"{kept}: {kept.stat().st_size:,} bytes" in printed
        search(client, "outside")
    assert [file.name for file in kept.parent.iterdir()] == ["caviar.sqlite"]
    with closing(open_database(None, kept.parent)) as copy:
        assert len(trials.all_of(copy, "outside")) == 10
    assert "exists" in fails("db", "backup", str(kept), *folder(data))


def test_a_backup_that_cannot_be_says_why(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    assert "no database" in fails("db", "backup", str(tmp_path / "x"), *folder(nowhere))
    assert not nowhere.exists()
    run("db", "upgrade", *folder(tmp_path))
    missing = str(tmp_path / "missing" / "x")
    assert f"FILE: {missing} cannot be written" in fails("db", "backup", missing, *folder(tmp_path))
    url = "postgresql://user:word@localhost/name"
    assert "pg_dump" in fails("db", "backup", str(tmp_path / "x"), "--database", url)


def test_the_schema_goes_back_and_forth(tmp_path: Path) -> None:
    data = folder(tmp_path)
    newest = json.loads(run("db", "upgrade", *data, "--json"))["schema_revision"]
    before = json.loads(run("db", "downgrade", *data, "--json"))["schema_revision"]
    assert before < newest
    assert f"has schema {before}, this version needs {newest}" in fails("serve", *data)
    assert "from schema revision" in run("db", "downgrade", "0001", *data)
    assert "there is none before" in fails("db", "downgrade", *data)
    assert json.loads(run("db", "upgrade", *data, "--json"))["schema_revision"] == newest
    assert f"REVISION: must be one before {newest}: 0001, 0002" in fails(
        "db", "downgrade", "9999", *data
    )


def test_a_check_says_what_is_wrong(tmp_path: Path) -> None:
    data = folder(tmp_path)
    assert "no database" in fails("db", "check", *folder(tmp_path / "nowhere"))
    run("db", "upgrade", *data)
    assert json.loads(run("db", "check", *data, "--json"))["ok"] is True
    run("db", "downgrade", *data)
    done = invoke("db", "check", *data, "--json")
    assert done.code == 1
    assert "caviar db upgrade" in json.loads(done.out)["found"][0]


def test_a_schema_of_a_newer_version_names_it(tmp_path: Path) -> None:
    data = folder(tmp_path)
    run("db", "upgrade", *data)
    file = tmp_path / "caviar.sqlite"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9876'")
        connection.execute("PRAGMA user_version = 2003004")
    for command in (("serve",), ("db", "upgrade"), ("db", "downgrade")):
        error = " ".join(fails(*command, *data).split())
        assert "has schema 9876, which Caviar 2.3.4 made" in error

    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("9876",)
