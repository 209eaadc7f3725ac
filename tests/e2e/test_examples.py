"""The worked examples, run as the README says."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from tests.processes import run

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.processes
@pytest.mark.parametrize(("name", "needs"), [("scikit_learn", "sklearn"), ("pytorch", "torch")])
def test_a_function_of_ones_own(tmp_path: Path, name: str, needs: str) -> None:
    if importlib.util.find_spec(needs) is None:
        pytest.skip(f"{needs} is not installed")
    printed = run(
        *("run", str(EXAMPLES / f"{name}.json"), "--objective", f"{EXAMPLES / name}.py:train"),
        *("--trials", "9", "--jobs", "1", "--port", "0", "--data", str(tmp_path), "--json"),
    )
    outcome = json.loads(printed)
    assert outcome["study"]["state"] == "completed"
    assert outcome["study"]["trials"]["completed"] >= 1
    assert outcome["study"]["trials"]["pruned"] >= 1
    epochs = outcome["study"]["objective"]["epochs"]
    assert outcome["best"]["epoch"] == epochs
    assert outcome["curve"]["epoch"] == list(range(1, epochs + 1))
    assert 0 < outcome["best"]["value"] < 0.5  # far below what guessing gives
