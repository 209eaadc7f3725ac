import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from caviar import engine

pytestmark = pytest.mark.processes

PREFIX = "caviar.engine."
ROOT = Path(engine.__file__).parent


def test_importing_the_engine_is_light() -> None:
    code = "import caviar.engine, sys; print(*{'sklearn', 'scipy', 'joblib'} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == ""


def test_exported_names_are_sorted_and_exist() -> None:
    assert engine.__all__ == sorted(engine.__all__, key=lambda name: (not name.isupper(), name))
    assert all(hasattr(engine, name) for name in engine.__all__)


def imported(path: Path) -> Iterator[str]:
    """The modules of the engine that a file imports, also those for type checkers only."""
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in {path.name}"
            names = [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
        modules = (name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX))
        yield from (name for name in modules if (ROOT / f"{name.replace('.', '/')}.py").is_file())


def test_no_import_circle_between_modules_or_folders() -> None:
    modules: dict[str, set[str]] = {}
    rooms: dict[str, set[str]] = defaultdict(set)
    for path in ROOT.rglob("*.py"):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if name != "__init__":
            modules[name] = set(imported(path))
            room = name.split(".")[0]
            rooms[room] |= {other.split(".")[0] for other in modules[name]} - {room}
    assert {"optim.optimizers", "data.datasets"} <= modules["recipe"]
    for graph in (modules, rooms):
        TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle
