"""The command `caviar`: help texts, and errors in one line."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from caviar.service.cli import terminal
from caviar.service.cli.lazy import load
from caviar.service.cli.main import Commands
from caviar.service.server.store.database import Database
from tests.commands import fails, invoke, run
from tests.fakes.apps import listening
from tests.processes import free_port


@pytest.mark.parametrize("name", Commands.sources)
def test_every_command_has_the_help_that_the_list_of_commands_shows(name: str) -> None:
    source, summary = Commands.sources[name]
    assert load(source, name).help.split("\n\n")[0].replace("\n", " ") == summary
    assert "Usage" in run(name, "--help")


def test_the_list_of_commands_has_all_of_them() -> None:
    shown = run("--help")
    assert all(f" {name} " in shown for name in Commands.sources)
    assert "Did you mean 'serve'" in " ".join(invoke("serv").err.replace("│", " ").split())


HEAVY = ("httpx", "numpy", "pydantic", "sqlalchemy", "fastapi", "joblib")
LISTS_IMPORTED = f"""
import sys
sys.argv = ["caviar", "--help"]
import caviar
from caviar.service.cli.main import main
try:
    main()
except SystemExit:
    print("imported:", [name for name in {HEAVY} if name in sys.modules])
"""


@pytest.mark.processes
def test_the_help_imports_nothing_heavy() -> None:
    command = [sys.executable, "-P", "-c", LISTS_IMPORTED]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert shown.endswith("imported: []\n")


def test_serving_other_machines_without_keys_requires_insecure(tmp_path: Path) -> None:
    error = fails("serve", "--host", "0.0.0.0", "--data", str(tmp_path))
    assert "--insecure" in re.sub(r"\s+", " ", error)


@pytest.mark.parametrize(
    "url", ["foo", "", "mysql://a/b", "sqlite://", "sqlite:////nonexistent/x.db"]
)
def test_an_invalid_database_url_is_one_line(url: str) -> None:
    error = fails("db", "upgrade", "--database", url)
    assert error.startswith("error: ")
    assert error.count("\n") == 1


def test_a_database_that_does_not_answer_is_named() -> None:
    address = f"127.0.0.1:{free_port()}"
    assert address in fails("db", "upgrade", "--database", f"postgresql://u:p@{address}/x")


def test_a_data_folder_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert "--data" in fails("db", "upgrade", "--data", str(file))
    assert "--data" in fails("serve", "--data", str(file / "below"))


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "caviar.sqlite").write_text("junk " * 1000)
    assert "not an SQLite database" in fails("db", "upgrade", "--data", str(tmp_path))


def test_a_server_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "IMPATIENCE_SECONDS", 0.0)
    server = f"http://127.0.0.1:{free_port()}"
    assert server in fails("study", "list", "--server", server)


def test_a_used_port_is_named(database: Database, tmp_path: Path) -> None:
    with listening(database) as server:
        port = server.rpartition(":")[2]
        assert port in fails("up", "--data", str(tmp_path / "other"), "--port", port)
