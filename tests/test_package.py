"""The distribution: everything that runs is inside the wheel, and nothing else."""

from __future__ import annotations

import zipfile
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[1]
ROOMS = ("sampler", "engine", "service", "migrations")


def test_the_wheel_holds_every_file_of_the_rooms(tmp_path: Path) -> None:
    [wheel] = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    wanted = {
        path.relative_to(ROOT).as_posix()
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    own = {"__init__.py", "__main__.py", "py.typed"}
    assert packed == {f"caviar/{name}" for name in wanted | own}
    assert "caviar/service/server/dashboard/index.html" in packed
    assert any(name.startswith("caviar/migrations/versions/0001") for name in packed)


def test_no_index_host_stands_in_the_pins() -> None:
    text = (ROOT / "constraints.txt").read_text()
    assert "://" not in text
    assert "index" not in text
