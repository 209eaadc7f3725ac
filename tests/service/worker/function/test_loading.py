"""Functions that can be loaded, next to modules of any name, and what is said of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from caviar.service.contract.errors import Invalid
from caviar.service.worker.function.host import FunctionProcess, check
from caviar.service.worker.function.messages import Returned, Start
from tests.objectives import FILE


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
def test_a_function_that_cannot_be_loaded_is_told_at_once(given: str, says: str) -> None:
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


@pytest.mark.parametrize("name", ["caviar.py", "engine.py", "service.py", "random.py", "train.py"])
def test_a_file_of_any_name_takes_the_place_of_no_module(tmp_path: Path, name: str) -> None:
    (tmp_path / "other.py").write_text("import caviar, random\n")
    file = tmp_path / name
    file.write_text(
        "import other\n"
        "def train(trial):\n"
        "    from caviar import Report\n"
        "    assert other.random.random() < 1\n"
        "    return Report(number=3, lease='', epoch=0).number\n"
    )
    assert called(f"{file}:train") == 3.0


def test_modules_of_the_user_have_the_names_they_want(tmp_path: Path) -> None:
    (tmp_path / "engine.py").write_text("VALUE = 1\n")
    (tmp_path / "sampler.py").write_text("VALUE = 2\n")
    package = tmp_path / "service"
    package.mkdir()
    (package / "__init__.py").write_text("from service.worker import VALUE\n")
    (package / "worker.py").write_text("VALUE = 4\n")
    (tmp_path / "train.py").write_text(
        "import engine, sampler, service\n"
        "def train(trial): return engine.VALUE + sampler.VALUE + service.VALUE\n"
    )
    assert called(f"{tmp_path / 'train.py'}:train") == 7.0


def test_a_package_of_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "service"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "training.py").write_text(
        "from service import __file__ as file\ndef train(trial): return len(file)\n"
    )
    monkeypatch.chdir(tmp_path)
    assert called("service.training:train") == len(str(package / "__init__.py"))


SPAWNS = {
    "multiprocessing": (
        "    context = multiprocessing.get_context('spawn')\n"
        "    with context.Pool(2) as pool:\n"
        "        return sum(pool.map(square, [1, 2, 3]))\n"
    ),
    "joblib": (
        "    parallel = joblib.Parallel(n_jobs=2)\n"
        "    return sum(parallel(joblib.delayed(square)(n) for n in (1, 2, 3)))\n"
    ),
}


@pytest.mark.parametrize(
    ("name", "library"),
    [
        ("train.py", "multiprocessing"),
        ("train.py", "joblib"),
        ("caviar.py", "multiprocessing"),
    ],
)
def test_a_function_may_start_processes(tmp_path: Path, name: str, library: str) -> None:
    (tmp_path / "engine.py").write_text("def times(a, b): return a * b\n")
    file = tmp_path / name
    file.write_text(
        f"import {library}\nimport engine\n"
        "assert __name__ != '__main__'\n"
        "def square(number): return engine.times(number, number)\n"
        f"def train(trial):\n{SPAWNS[library]}"
    )
    assert called(f"{file}:train") == 14.0


def called(reference: str) -> float | None:
    """What a function returns for a trial, in a process of its own."""
    process = FunctionProcess(reference)
    try:
        while not process.is_ready:
            assert process.unusable is None
            process.receive(1.0)
        process.send(Start("outside", 0, {}, 1, "loss", 0, 9, None))
        while (message := process.receive(1.0)) is None:
            pass
    finally:
        process.end()
    assert isinstance(message, Returned), message
    return message.value
