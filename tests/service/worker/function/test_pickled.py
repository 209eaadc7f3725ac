"""Functions as files for other processes: of scripts, notebooks and closures."""

from __future__ import annotations

import functools
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from caviar.service.contract.errors import Invalid
from caviar.service.worker.function.host import check
from caviar.service.worker.function.pickled import MAGIC, dump
from tests.service.worker.function.test_loading import called

SCRIPT = """
import os
import sys
import helper
from caviar.service.worker.function.pickled import dump

FACTOR = 3.0


class Model:
    def loss(self):
        return helper.VALUE * FACTOR


def fit():
    return Model()


def train(trial):
    import later  # of the folder of the script
    assert open("data.txt").read() == "data"  # of the folder that it runs in
    return fit().loss() + later.VALUE


if __name__ == "__main__":
    dump(train, sys.argv[1])
"""


def test_a_function_of_a_script_with_what_it_uses(tmp_path: Path) -> None:
    folder, current = tmp_path / "scripts", tmp_path / "current"
    folder.mkdir()
    current.mkdir()
    (folder / "main.py").write_text(SCRIPT)
    (folder / "helper.py").write_text("VALUE = 2.0\n")
    (folder / "later.py").write_text("VALUE = 0.5\n")
    (current / "data.txt").write_text("data")
    path = tmp_path / "train.pickle"
    subprocess.run([sys.executable, str(folder / "main.py"), str(path)], cwd=current, check=True)
    assert called(f"pickle:{path}") == 6.5


def test_lambdas_closures_and_callable_objects(tmp_path: Path) -> None:
    seen = 2.0

    def closure(trial: Any, *, twice: bool = True) -> float:
        return 2 * seen if twice else seen

    assert called(dump(lambda trial: 0.25, tmp_path / "a")) == 0.25
    assert called(dump(closure, tmp_path / "b")) == 4.0
    assert called(dump(functools.partial(closure, twice=False), tmp_path / "b")) == 2.0
    assert [file.name for file in sorted(tmp_path.iterdir())] == ["a", "b"]


def test_a_function_of_a_module_that_no_other_process_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "hidden_module.py"
    file.write_text("VALUE = 7.0\ndef helper(): return VALUE\ndef train(trial): return helper()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import hidden_module  # type: ignore[import-not-found]

    file.rename(tmp_path / "renamed.py")
    assert called(dump(hidden_module.train, tmp_path / "train.pickle")) == 7.0


CONNECTION = sqlite3.connect(":memory:", check_same_thread=False)


def uses_a_global(trial: Any) -> object:
    return CONNECTION.execute("select 1")


class Holder:
    def __init__(self) -> None:
        self.lock = threading.Lock()

    def train(self, trial: Any) -> float:
        return 0.0


def test_what_cannot_be_sent_is_named(tmp_path: Path) -> None:
    lock = threading.Lock()
    models = {"first": [lock]}

    def uses_a_closure(trial: Any) -> object:
        return models

    uses_a_global.__module__ = "__main__"  # as in a script: by value, with its globals
    cases: list[tuple[Any, str]] = [
        (uses_a_global, r"it uses CONNECTION \(sqlite3.Connection\)"),
        (uses_a_closure, r"it uses models.\['first'\] \(_thread.lock\)"),
        (Holder().train, r"it uses self.lock \(_thread.lock\)"),
        (functools.partial(uses_a_closure, lock), r"it uses .*\(_thread.lock\)"),
    ]
    for function, says in cases:
        with pytest.raises(Invalid, match=says) as raised:
            dump(function, tmp_path / "train.pickle")
        assert raised.value.errors[0].field == "function"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read"),
        (b"text", "is not a function that Caviar has written"),
        (MAGIC + b'{"python": [2, 7], "folder": "/", "path": []}\n', "was written by Python 2.7"),
        (
            MAGIC
            + b'{"python": [%d, %d], "folder": "/", "path": []}\n' % sys.version_info[:2]
            + b"cnowhere\ntrain\n.",
            "No module named 'nowhere'",
        ),
    ],
)
def test_a_file_that_cannot_be_used_says_why(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    path = tmp_path / "train.pickle"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Invalid) as raised:
        check(f"pickle:{os.path.relpath(path)}")
    assert says in raised.value.detail
    with pytest.raises(Invalid, match="must take a trial"):
        check(dump(lambda: 0.0, path))
