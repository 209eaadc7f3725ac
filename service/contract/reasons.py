"""Why trials ended without a value: reasons in one line, and how often each of them occurs.

The reason of a failed trial is what went wrong, most often the end of a traceback.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from caviar.service.contract.states import TrialState
from caviar.service.contract.texts import keep_start

if TYPE_CHECKING:
    from caviar.service.contract.schemas import Trial

SUMMARY_CHARACTERS = 200
"""The length of a reason in one line."""

WITHOUT_VALUE = (TrialState.FAILED, TrialState.DIVERGED)
"""The states of trials that ended by themselves and have no value."""

PLACE = '  File "'
"""How a line of a traceback begins that names a place in a file."""

ADDRESS = re.compile(r"\b0x[0-9a-fA-F]+")
NUMBER = re.compile(r"\d+(\.\d+)?([eE][+-]?\d+)?")


@dataclass(frozen=True)
class ReasonCount:
    """A reason, and how many trials have it: their reasons differ in numbers at most."""

    reason: str
    state: TrialState
    count: int
    first: int
    """The number of the first trial with this reason."""

    def __str__(self) -> str:
        return f"{self.count} {self.state}: {self.reason}"


def summary(reason: str) -> str:
    """A reason in one line: of a traceback, what the exception says."""
    lines = [line for line in reason.removeprefix("error: ").splitlines() if line.strip()]
    if not lines:
        return "no reason is known"
    return keep_start(_exception(lines).strip(), SUMMARY_CHARACTERS)


def _exception(lines: list[str]) -> str:
    """The first line of what an exception says, which may have several; else the last line."""
    places = [index for index, line in enumerate(lines) if line.startswith(PLACE)]
    if places:
        said = [line for line in lines[places[-1] + 1 :] if not line.startswith(" ")]
        if said:
            return said[0]
    return lines[-1]


def without_addresses(text: str) -> str:
    """A text without what differs between two failures of the same kind: addresses of objects."""
    return ADDRESS.sub("0x…", text)


def without_numbers(text: str) -> str:
    """A text with 0 for every number, so that two that differ in numbers only are equal."""
    return NUMBER.sub("0", without_addresses(text))


def counted(trials: Iterable[Trial]) -> list[ReasonCount]:
    """The reasons of failed and diverged trials, the commonest first.

    Reasons that differ in numbers only are counted together and shown as the first one is.
    """
    groups: dict[tuple[str, str], list[Trial]] = {}
    for trial in sorted(trials, key=lambda trial: trial.number):
        if trial.state in WITHOUT_VALUE:
            kind = without_numbers(summary(trial.reason or ""))
            groups.setdefault((trial.state, kind), []).append(trial)
    counts = [
        ReasonCount(
            reason=summary(group[0].reason or ""),
            state=TrialState(group[0].state),
            count=len(group),
            first=group[0].number,
        )
        for group in groups.values()
    ]
    return sorted(counts, key=lambda found: (-found.count, found.first))


def commonest_reason(trials: Iterable[Trial]) -> str | None:
    """Why most trials that failed or diverged did so: `5 of 7 trials failed: ValueError: …`.

    None if none of them failed or diverged.
    """
    given = list(trials)
    counts = counted(given)
    if not counts:
        return None
    commonest = counts[0]
    noun = "trial" if len(given) == 1 else "trials"
    return f"{commonest.count} of {len(given)} {noun} {commonest.state}: {commonest.reason}"
