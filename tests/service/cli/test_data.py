"""`caviar data`: a table of one's own, added without a server or through one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from caviar.service.cli import sources
from caviar.service.server.store.database import Database
from tests.commands import fails, run
from tests.factories.tables import churn_csv
from tests.fakes.apps import listening


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table in the current folder, on a machine where no server runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sources, "_answers", lambda server: False)
    path = tmp_path / "Churn 2026.csv"
    path.write_bytes(churn_csv())
    return path


def test_a_table_is_added_shown_and_removed_without_a_server(file: Path) -> None:
    printed = run("data", "add", str(file), "--target", "churn", "--drop", "note")
    assert "churn-2026: two classes of churn, 400 rows (240 / 80 / 80), 6 features" in printed
    assert "classes: no, yes" in printed
    assert "not used: customer (like an id: 400 different texts in 400 rows)" in printed
    assert "not used: note (as asked for)" in printed
    assert '{"kind": "network", "dataset": "churn-2026"}' in printed
    assert "the data folder caviar-data" in printed
    assert run("data", "show", "churn-2026") in printed
    [first, *_] = json.loads(run("data", "list", "--json"))
    assert (first["name"], first["rows"], first["builtin"]) == ("churn-2026", 400, False)
    assert "churn-2026" in run("data", "list", "--data", "caviar-data")
    assert "churn-2026" not in run("data", "list", "--data", "elsewhere")
    run("data", "remove", "churn-2026")
    assert "churn-2026" not in run("data", "list")


def test_a_server_is_used_where_one_is_named(
    file: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAVIAR_DATA", "elsewhere")
    with listening(database) as server:
        printed = run("data", "add", str(file), "--target", "churn", "--server", server)
        assert f"Added to the server at {server}" in printed
        assert "churn-2026" in run("data", "list", "--server", server)
        run("data", "remove", "churn-2026", "--server", server)
    assert not Path("elsewhere").exists()
    assert "churn-2026" not in run("data", "list")
    assert Path("elsewhere").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("none.csv", "--target", "churn"), "there is no file 'none.csv'"),
        (("FILE", "--target", "chrun"), "did you mean 'churn'"),
        (("FILE",), "name the column to predict"),
        (("FILE", "--target", "churn", "--name", "wine"), "built in"),
        (("FILE", "--target", "churn", "--name", "No Slug"), "lower-case"),
        (("FILE", "--target", "churn", "--server", "http://x", "--data", "y"), "--data"),
    ],
)
def test_mistakes_are_one_line(file: Path, arguments: tuple[str, ...], message: str) -> None:
    given = [str(file) if argument == "FILE" else argument for argument in arguments]
    assert message in fails("data", "add", *given)
