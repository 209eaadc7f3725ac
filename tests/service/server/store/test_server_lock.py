"""One server for an SQLite file, whatever it is called, and files that are their owner's."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from caviar.service.contract.errors import Conflict, Invalid
from caviar.service.local.place import open_database
from caviar.service.server.store import schema
from caviar.service.server.store.database import Database, normalize_url, sqlite_url
from caviar.service.server.store.server_lock import running_server, server_lock


def test_a_symbolic_link_is_the_same_file(tmp_path: Path) -> None:
    data = tmp_path / "data"
    database = open_database(None, data)
    schema.upgrade(database)
    (tmp_path / "file.sqlite").symlink_to(data / "caviar.sqlite")
    (tmp_path / "folder").symlink_to(data)
    others = [tmp_path / "file.sqlite", tmp_path / "folder" / "caviar.sqlite"]
    with server_lock(database, "http://127.0.0.1:1"):
        for path in others:
            other = Database(sqlite_url(path))
            assert running_server(other) == "http://127.0.0.1:1"
            with pytest.raises(Conflict, match="another caviar server"), server_lock(other):
                pass
    database.close()


def test_a_hard_link_is_refused(tmp_path: Path) -> None:
    database = open_database(None, tmp_path)
    schema.upgrade(database)
    database.close()
    (tmp_path / "other.sqlite").hardlink_to(tmp_path / "caviar.sqlite")
    for name in ("caviar.sqlite", "other.sqlite"):
        other = Database(sqlite_url(tmp_path / name))
        with pytest.raises(Conflict, match="hard link"), server_lock(other):
            pass


def test_a_data_folder_is_its_owners(tmp_path: Path) -> None:
    database = open_database(None, tmp_path / "data")
    with server_lock(database):
        schema.upgrade(database)
        modes = {
            path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()
        }
    database.close()
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert {modes[name] for name in modes if ".lock" not in name} == {0o600}


@pytest.mark.parametrize(
    "url",
    [
        "postgresql//ana:s3cret@host/name",
        "postgresql://ana:s3cret@host:port/name",
        "mysql://ana:s3cret@host/name",
        "postgresql://ana:s3cret@host/name?bogus=1",
        "postgresql://ana:s3cret@host/name?port=x",
        "sqlite:///s3cret.sqlite?bogus=1",
    ],
)
def test_a_url_that_is_refused_is_not_repeated(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        normalize_url(url)
    assert "s3cret" not in refused.value.detail
    assert refused.value.errors[0].field == "--database"
    assert refused.value.__cause__ is None
