"""`caviar space`: previews, warnings and errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands import fails, run, write
from tests.factories.studies import MOMENTUM_SPACE, external

LINEAR = {"learning_rate": {"type": "float", "low": 0.0001, "high": 1.0}}


@pytest.mark.parametrize("whole", [False, True], ids=["a space", "a study"])
def test_a_space_is_previewed_without_a_server(tmp_path: Path, whole: bool) -> None:
    file = write(tmp_path, external() if whole else MOMENTUM_SPACE)
    printed = run("space", "preview", file)
    assert "momentum (reverse_log): 0.9 to 0.99: 50 %, 0.99 to 0.999: 50 %" in printed
    assert printed.count("example: learning_rate") == 20
    preview = json.loads(run("space", "preview", file, "--json"))
    assert len(preview["examples"]) == 20
    other = json.loads(run("space", "preview", file, "--json", "--seed", "5"))
    assert other["examples"] != preview["examples"]


def test_warnings_and_errors_of_a_space(tmp_path: Path) -> None:
    printed = run("space", "preview", write(tmp_path, LINEAR))
    assert "warning: space.learning_rate: on a linear scale 90 % of the draws" in printed
    assert "space.x.low" in fails(
        "space", "preview", write(tmp_path, {"x": {"type": "float", "low": 2, "high": 1}})
    )
    assert "must hold an object" in fails("space", "preview", write(tmp_path, [1]))
    assert "cannot be read" in fails("space", "preview", str(tmp_path / "none"))
    broken = tmp_path / "broken.json"
    broken.write_text('{"x": ')
    assert f"{broken} is not valid JSON" in fails("space", "preview", str(broken))
