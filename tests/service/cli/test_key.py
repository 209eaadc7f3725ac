"""`caviar key`, keys in files, and what `caviar serve` demands before it is exposed."""

from __future__ import annotations

import json
import os
import stat
from contextlib import closing
from pathlib import Path

import pytest

from caviar.service.cli.exposure import warn_of_strangers
from caviar.service.cli.key import seconds_of
from caviar.service.client import Client
from caviar.service.contract.errors import Invalid, Unauthenticated
from caviar.service.contract.keys import KEY_VARIABLE, Scope, new_key
from caviar.service.contract.schemas import KeyBody
from caviar.service.local.place import Place, open_database
from caviar.service.server.operations import keys
from caviar.service.server.store import own_key
from caviar.service.server.store.database import Database
from tests.commands import fails, invoke, run
from tests.factories.studies import external
from tests.fakes.apps import listening
from tests.processes import free_port, process, until, wait_until_ready

ADMIN = ("key", "create", "root", "--scope", "admin")


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the environment, and nothing left in it: --key-file sets the variable."""
    monkeypatch.setenv(KEY_VARIABLE, "")


def test_a_key_is_printed_once_listed_and_revoked(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path))
    assert "no keys" in run("key", "list", *data)
    made = invoke(*ADMIN, "--expires", "30d", *data)
    assert made.code == 0
    assert "the first" in made.err
    key = made.out.strip()
    [listed] = json.loads(run("key", "list", *data, "--json"))
    assert (listed["name"], listed["scopes"], listed["state"]) == ("root", ["admin"], "usable")
    assert key[13:] not in run("key", "list", *data)
    assert "exists" in fails(*ADMIN, *data)
    assert listed["id"] in run("key", "revoke", "root", *data)
    assert "no usable key" in fails("key", "revoke", "root", *data)
    assert "whole key" in fails("key", "revoke", key, *data)
    run(*ADMIN, *data)
    assert json.loads(run("key", "clear", "--yes", *data, "--json")) == {"deleted": 2}
    assert "no keys" in run("key", "list", *data)


def test_a_duration_is_a_number_with_a_unit() -> None:
    assert [seconds_of(text) for text in ("90s", "2h", "30d")] == [90.0, 7_200.0, 2_592_000.0]
    for wrong in ("30", "d", "0d", "-1d", "1.5h", "1y"):
        with pytest.raises(Invalid, match="--expires"):
            seconds_of(wrong)


def test_the_data_folder_is_open_to_its_owner_while_it_has_keys(tmp_path: Path) -> None:
    run(*ADMIN, "--data", str(tmp_path))
    with Place(tmp_path).client() as client:
        client.create_study(external())
    assert "outside" in run("study", "list", "--data", str(tmp_path))


def test_the_owner_reaches_a_server_of_the_folder_and_others_do_not(tmp_path: Path) -> None:
    run(*ADMIN, "--data", str(tmp_path))
    key = new_key()
    with closing(open_database(None, tmp_path)) as database:
        with (
            own_key.hold(database, key) as publish,
            listening(database, own_key=key) as server,
        ):
            publish(server)
            file = tmp_path / "caviar.sqlite.key"
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            made = json.loads(
                run("key", "create", "gpu", "--scope", "read", "--json", "--data", str(tmp_path))
            )
            assert "gpu" in run("key", "list", "--data", str(tmp_path))
            with Client(server, key=made["key"]) as client:
                assert client.workers() == []
            with Client(server) as anyone, pytest.raises(Unauthenticated):
                anyone.workers()
            assert "needs a key" in fails("workers", "--server", server)
            path = tmp_path / "key.txt"
            path.write_text(made["key"] + "\n")
            assert "no worker" in run("workers", "--server", server, "--key-file", str(path))
            assert os.environ[KEY_VARIABLE] == made["key"]
            refused = fails("key", "list", "--server", server)
            assert "scope admin" in refused
        assert not file.exists()


def test_a_file_without_a_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.txt"
    assert "--key-file" in fails("workers", "--key-file", str(path))
    path.write_text("secret-of-mine")
    error = fails("workers", "--key-file", str(path))
    assert "--key-file" in error
    assert "secret-of-mine" not in error


def test_serve_refuses_to_be_exposed_without_keys_and_a_name(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path))
    everywhere = ("serve", "--host", "0.0.0.0", *data)
    error = fails(*everywhere)
    assert "key create NAME --scope admin" in error
    assert "--allowed-host" in error
    run(*ADMIN, *data)
    error = fails(*everywhere)
    assert "key create" not in error
    assert "--allowed-host" in error
    run("key", "revoke", "root", *data)
    assert "key create" in fails(*everywhere, "--allowed-host", "caviar.example")


def test_wrong_files_for_tls_are_named_before_anything_is_made(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "file.pem"
    file.write_text("no certificate")
    certificate = ("--tls-certificate", str(file))
    assert "together" in fails("serve", "--data", str(data), *certificate)
    error = fails("serve", "--data", str(data), *certificate, "--tls-key", str(tmp_path / "none"))
    assert "--tls-key" in error
    error = fails("serve", "--data", str(data), *certificate, "--tls-key", str(file))
    assert "--tls-certificate" in error
    assert not data.exists()


@pytest.mark.processes
def test_a_server_with_keys_trains_with_its_own_worker(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path))
    key = run(*ADMIN, *data).strip()
    port = free_port()
    server = f"http://127.0.0.1:{port}"
    with (
        process("up", *data, "--port", str(port), "--jobs", "1"),
        Client(server, key=key) as client,
    ):
        wait_until_ready(server)
        until(lambda: [worker.name for worker in client.workers()] == ["embedded"])
        with Client(server) as anyone, pytest.raises(Unauthenticated):
            anyone.workers()


def test_a_name_for_others_without_a_key_is_warned_of(
    sqlite: Database, caplog: pytest.LogCaptureFixture
) -> None:
    warn_of_strangers(sqlite, ())
    assert not caplog.messages
    warn_of_strangers(sqlite, ["caviar.example"])
    assert "caviar.example" in caplog.text
    caplog.clear()
    keys.create(sqlite, KeyBody(name="root", scopes=[Scope.ADMIN]))
    warn_of_strangers(sqlite, ["caviar.example"])
    assert not caplog.messages
