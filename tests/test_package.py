"""The distribution: what is in the wheel, and that it works where a user's files have our names."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from caviar.service.client import Client
from tests.factories.functions import study
from tests.factories.studies import network
from tests.processes import PATIENCE_SECONDS, free_port, stopping, wait_until_ready

ROOT = Path(__file__).parents[1]
ROOMS = ("sampler", "engine", "service", "migrations")

RAISES = 'raise ImportError("a file of the user\'s, which no program asked for")\n'
TRAIN = """
import engine

def train(trial):
    return engine.VALUE
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    [built] = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    return Path(built)


def names(wheel: Path) -> list[str]:
    """The files in a wheel."""
    with zipfile.ZipFile(wheel) as packed:
        return packed.namelist()


def test_the_wheel_holds_every_file_of_the_rooms(wheel: Path) -> None:
    packed = {name for name in names(wheel) if ".dist-info/" not in name}
    wanted = {
        path.relative_to(ROOT).as_posix()
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    own = {"__init__.py", "__main__.py", "callbacks.py", "errors.py", "nn.py", "py.typed"}
    assert packed == {f"caviar/{name}" for name in wanted | own}
    assert "caviar/service/server/dashboard/index.html" in packed
    assert any(name.startswith("caviar/migrations/versions/0001") for name in packed)


def test_the_wheel_puts_one_name_on_the_path(wheel: Path) -> None:
    [metadata, package] = sorted({name.split("/")[0] for name in names(wheel)}, key=len)[::-1]
    assert metadata.endswith(".dist-info")
    assert package == "caviar"


def test_an_editable_install_puts_one_name_on_the_path(tmp_path: Path) -> None:
    [built] = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["editable"])
    with zipfile.ZipFile(built) as packed:
        [link] = [name for name in packed.namelist() if name.endswith(".pth")]
        [folder] = packed.read(link).decode().split()
    importable = [
        path.name
        for path in Path(folder).iterdir()
        if path.suffix == ".py" or (path.is_dir() and path.name.isidentifier())
    ]
    assert [name for name in importable if name != "__pycache__"] == ["caviar"]


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it, and a folder of the user's to call it from."""

    bin: Path
    folder: Path

    def run(self, command: str, *arguments: str) -> str:
        """Run a command to its end; its standard output."""
        done = subprocess.run(
            [self.bin / command, *arguments],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def process(self, command: str, *arguments: str) -> Iterator[None]:
        """Run a command until the context ends."""
        started = subprocess.Popen(
            [self.bin / command, *arguments],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        with stopping(started):
            yield

    @property
    def _environment(self) -> dict[str, str]:
        return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel in a fresh environment that sees what is installed here, but not this checkout."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home / "venv", with_pip=False, symlinks=True)
    python = home / "venv" / "bin" / "python"
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"),
            *("install", "--quiet", "--no-index", "--no-deps", "--no-compile", str(wheel)),
        ],
        check=True,
        timeout=PATIENCE_SECONDS,
    )
    [site] = (home / "venv" / "lib").glob("python*/site-packages")
    # A path in a .pth file comes last, and the .pth files in there are not read.
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    folder = home / "project"
    (folder / "service").mkdir(parents=True)
    for name in ("sampler.py", "migrations.py", "service/__init__.py"):
        (folder / name).write_text(RAISES)
    (folder / "engine.py").write_text("VALUE = 0.125\n")
    (folder / "train.py").write_text(TRAIN)
    definition = network(trials=1)
    definition["objective"]["epochs"] = 1
    (folder / "study.json").write_text(json.dumps(definition))
    return Installed(home / "venv" / "bin", folder)


@pytest.mark.processes
def test_a_study_runs_beside_files_that_have_our_names(installed: Installed) -> None:
    where = installed.run("python", "-c", "import caviar; print(caviar.__file__)")
    assert Path(where.strip()).is_relative_to(installed.bin.parent)
    printed = installed.run("caviar", "run", "study.json", "--jobs", "1", "--port", "0", "--json")
    assert json.loads(printed)["study"]["state"] == "completed"


@pytest.mark.processes
def test_a_function_imports_the_users_own_files(installed: Installed) -> None:
    port = free_port()
    server = f"http://127.0.0.1:{port}"
    up = ("up", "--port", str(port), "--data", "up-data", "--jobs", "1")
    with installed.process("caviar", *up), Client(server) as client:
        wait_until_ready(server)
        assert client.health().status == "ok"
        client.create_study(study("own", epochs=1))
        work = ("--server", server, "--study", "own", "--jobs", "1")
        installed.run("caviar", "work", *work, "--objective", "train.py:train")
        code = f"from caviar import Client; print(Client('{server}').best('own').value)"
        assert installed.run("python", "-c", code).strip() == "0.125"


@pytest.mark.processes
@pytest.mark.skipif(importlib.util.find_spec("mypy") is None, reason="mypy is not installed")
def test_a_users_script_has_types(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from caviar import Client\n"
        'study = Client("http://127.0.0.1:8700").study("digits")\n'
        "reveal_type(study)\n"
    )
    # Its cache is kept: of all that the client imports, the types are read once.
    cache = ("--cache-dir", str(ROOT / ".mypy_cache" / "user"))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", *cache, str(script)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "caviar.service.client.study.Study" in done.stdout
    assert "Any" not in done.stdout


def test_no_index_host_stands_in_the_pins() -> None:
    text = (ROOT / "constraints.txt").read_text()
    assert "://" not in text
    assert "index" not in text
