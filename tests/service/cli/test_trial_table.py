"""Tables of trials fit the terminal, whatever they hold."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from caviar.service.cli.trial_table import TrialTable
from caviar.service.contract.schemas import Trial
from caviar.service.contract.schemas.readings import TRIAL


def trials(count: int, params: dict[str, Any], metrics: dict[str, float]) -> list[Trial]:
    """Completed trials with the same params, numbered from 100."""
    return [
        Trial.model_validate(
            TRIAL | {"number": 100 + number, "params": params, "metrics": metrics, "value": 0.5}
        )
        for number in range(count)
    ]


def shown(table: TrialTable, width: int = 80) -> list[str]:
    """The lines of the table on a terminal of a width."""
    file = StringIO()
    console = Console(file=file, width=width, markup=False, emoji=False, highlight=False)
    console.print(table)
    return file.getvalue().splitlines()


MANY = {f"parameter_number_{number}": number / 7 for number in range(20)}
LONG = {"a_" * 30: 1, "b" * 64: "x" * 200, "choice": "relu, then tanh, then softmax " * 3}
ORDINARY = {"learning_rate": 0.01, "momentum": 0.99, "optimizer": "adam", "batch_size": 64}


@pytest.mark.parametrize("count", [1, 5, 6, 7, 30])
@pytest.mark.parametrize(
    "params", [ORDINARY, MANY, LONG, {}], ids=["ordinary", "many", "long", "none"]
)
def test_no_line_is_wider_than_the_terminal_and_every_trial_is_there(
    count: int, params: dict[str, Any]
) -> None:
    lines = shown(TrialTable("the best", trials(count, params, {"validation_error": 0.1}), "loss"))
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    for number in range(100, 100 + count):
        assert re.search(rf"\b{number}\b", text)
    assert "0.5" in text
    assert "10.00 %" in text


def test_a_few_trials_show_all_their_parameters() -> None:
    text = "\n".join(shown(TrialTable("the best", trials(5, MANY, {}), "loss")))
    assert all(name in text for name in MANY)


def test_many_trials_show_the_most_important_parameters_and_say_so() -> None:
    order = list(reversed(MANY))
    lines = shown(TrialTable("the best", trials(30, MANY, {}), "loss", important=order))
    heading = "".join(lines[:8]).replace(" ", "")
    assert "number_19" in heading
    assert "number_0" not in heading
    assert re.search(r"the most important \d of 20 parameters", lines[-1])
    few = shown(TrialTable("the best", trials(30, ORDINARY, {}), "loss"))
    assert "parameters" not in few[-1]
    assert len(few) < 40


def test_nothing_is_printed_of_no_trials() -> None:
    assert shown(TrialTable("the best", [], "loss")) == []


def test_choices_are_printed_as_they_are() -> None:
    params = {"layers": "[bold]x[/]", "scale": ":smile:", "size": "[64, 32]"}
    text = "\n".join(shown(TrialTable("the best", trials(2, params, {}), "loss[0]")))
    for choice in (*params.values(), "loss[0]"):
        assert choice in text
