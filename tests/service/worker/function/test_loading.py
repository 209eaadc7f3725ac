"""Functions that can be loaded, and what is said of those that cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from caviar.service.contract.errors import Invalid
from caviar.service.worker.function.host import check
from tests.support.objectives import FILE


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("train", "not of the form train.py:train"),
        ("train.py:", "not of the form train.py:train"),
        ("/nowhere/train.py:train", "there is no file /nowhere/train.py"),
        ("no_such_module:train", "No module named 'no_such_module'"),
        (f"{FILE}:missing", "has no function 'missing'"),
        (f"{FILE}:constant", "constant of"),
        (f"{FILE}:two", "must take a trial, and nothing else"),
    ],
)
def test_a_function_that_cannot_be_is_told_at_once(given: str, says: str) -> None:
    with pytest.raises(Invalid) as raised:
        check(given)
    assert raised.value.errors[0].field == "--objective"
    assert says in raised.value.detail


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("import nowhere_at_all", "nowhere_at_all"),
        ("def train(trial:", "SyntaxError"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("import os; os._exit(4)", "exit code 4"),
    ],
)
def test_a_file_that_cannot_be_imported_is_told_at_once(
    tmp_path: Path, body: str, says: str
) -> None:
    file = tmp_path / "train.py"
    file.write_text(body)
    with pytest.raises(Invalid, match=says):
        check(f"{file}:train")


def test_a_file_imports_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("VALUE = 2.0\n")
    (tmp_path / "train.py").write_text("import helper\ndef train(trial): return helper.VALUE\n")
    check(f"{tmp_path / 'train.py'}:train")
