"""Reasons of trials: in one line, and counted."""

from __future__ import annotations

from typing import Any

import pytest

from caviar.service.contract.reasons import commonest_reason, counted, summary
from caviar.service.contract.schemas import Trial
from caviar.service.contract.schemas.readings import TRIAL

RAISED = """error: Traceback (most recent call last):
  File "train.py", line 3, in train
    fit(x)
    ~~~^^^
  File "model.py", line 9, in fit
    raise ValueError("no such thing")
ValueError: no such thing
see the manual
"""


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        (RAISED, "ValueError: no such thing"),
        (RAISED[-40:], "see the manual"),  # nothing but the end of the message was kept
        ("error: the function returned nothing", "the function returned nothing"),
        ("timeout: it trained for more than 3 seconds", "timeout: it trained for more than 3 s"),
        (
            '…\n  File "train.py", line 3\n    fit(\n       ^\nSyntaxError: never closed',
            "SyntaxError",
        ),
        ("", "no reason is known"),
        ("ValueError: " + 500 * "x", "ValueError: xxx"),
    ],
)
def test_a_reason_in_one_line(reason: str, line: str) -> None:
    shown = summary(reason)
    assert shown.startswith(line)
    assert "\n" not in shown
    assert len(shown) <= 200


def trial(number: int, state: str, reason: str | None = None) -> Trial:
    changes: dict[str, Any] = {"number": number, "state": state, "reason": reason}
    return Trial.model_validate({**TRIAL, **changes})


def test_reasons_that_differ_in_numbers_and_addresses_are_counted_together() -> None:
    trials = [
        trial(4, "failed", "error: KeyError: 'depth'"),
        trial(3, "failed", "error: got 0.25 of <object at 0x7fab12>"),
        trial(5, "failed", "error: got 17 of <object at 0x7fab99>"),
        trial(0, "completed"),
        trial(6, "diverged", "loss became NaN or infinite in epoch 2"),
        trial(7, "cancelled", "the study was stopped"),
    ]
    found = counted(trials)
    assert [(reason.count, reason.first, str(reason.state)) for reason in found] == [
        (2, 3, "failed"),
        (1, 4, "failed"),
        (1, 6, "diverged"),
    ]
    assert found[0].reason == "got 0.25 of <object at 0x7fab12>"
    assert commonest_reason(trials) == "2 of 6 trials failed: got 0.25 of <object at 0x7fab12>"
    assert commonest_reason([trial(0, "completed")]) is None
