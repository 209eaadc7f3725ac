"""Definitions in files, and what options change of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from caviar.service.contract.definition_file import read_definition
from caviar.service.contract.errors import Invalid
from tests.factories.studies import external


def write(folder: Path, **changes: Any) -> Path:
    """A definition as a file."""
    path = folder / "study.json"
    path.write_text(json.dumps(external(**changes)))
    return path


def test_another_number_of_trials_keeps_the_other_limits(tmp_path: Path) -> None:
    file = write(tmp_path, budget={"trials": 9, "epochs": 70, "seconds": 5.0})
    budget = read_definition(file, trials=20).budget
    assert (budget.trials, budget.epochs, budget.seconds) == (20, 70, 5.0)
    content = external()
    del content["budget"]
    file.write_text(json.dumps(content))
    assert read_definition(file, trials=20).budget.trials == 20


@pytest.mark.parametrize("budget", [7, None, [1]])
def test_a_budget_that_is_no_object_is_named_with_any_options(tmp_path: Path, budget: Any) -> None:
    with pytest.raises(Invalid, match="budget"):
        read_definition(write(tmp_path, budget=budget), trials=20)


def test_pauses_replace_those_of_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, pauses=[{"trial": 1, "epoch": 2}])
    assert [pause.trial for pause in read_definition(file).pauses] == [1]
    [pause] = read_definition(file, pauses=[{"trial": 3, "epoch": 4}]).pauses
    assert (pause.trial, pause.epoch) == (3, 4)
