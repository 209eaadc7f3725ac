"""The data of a figure, and which of its trials count, have a mark, and are drawn.

Figures need little of a study, so its parts are protocols: the answers of the contract fit them,
and so do rows that hold only what figures read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from caviar.service.contract.schemas import Curve
from caviar.service.contract.states import TrialState

Item = TypeVar("Item")

POINTS = 1_000
"""Trials drawn in one panel at most."""

BEST_SHARE, NEWEST_SHARE = 0.2, 0.05
"""Of the trials that are drawn, the best and the newest; the others are a fair sample."""

UNSUCCESSFUL = (TrialState.FAILED, TrialState.DIVERGED)
"""States of trials that ended without a value."""


class Study(Protocol):
    """What figures need of a study: its definition, and the number of its newest round."""

    @property
    def space(self) -> Mapping[str, Any]: ...
    @property
    def objective(self) -> Mapping[str, Any]: ...
    @property
    def direction(self) -> str: ...
    @property
    def round(self) -> int | None: ...


class Trial(Protocol):
    """What figures need of a trial."""

    @property
    def number(self) -> int: ...
    @property
    def state(self) -> TrialState: ...
    @property
    def params(self) -> Mapping[str, Any]: ...
    @property
    def value(self) -> float | None: ...
    @property
    def void(self) -> bool: ...
    @property
    def replica_of(self) -> int | None: ...


class Round(Protocol):
    """What figures need of a round; of those before the newest one only its trials."""

    @property
    def number(self) -> int: ...
    @property
    def first_trial(self) -> int: ...
    @property
    def trials(self) -> int: ...
    @property
    def box(self) -> Mapping[str, Sequence[float]]: ...
    @property
    def ranges(self) -> Mapping[str, Sequence[Any]]: ...
    @property
    def whole(self) -> Mapping[str, Sequence[Any]]: ...


@dataclass(frozen=True)
class FigureData:
    """The data of a figure: a study, its trials, some learning curves, and its rounds."""

    study: Study
    trials: Sequence[Trial]
    """All its trials; of a large study the best, the newest and a fair sample."""
    curves: Sequence[Curve]
    rounds: Sequence[Round]
    total: int | None = None
    """Of a large study, how many trials it has; None: it has no other trials than `trials`."""
    improvements: Sequence[tuple[int, float]] | None = None
    """Of a large study, number and value of each trial that was the best so far."""

    @property
    def space(self) -> dict[str, Any]:
        """The study's space, with the ranges that the search has widened."""
        whole = self.rounds[-1].whole if self.rounds else {}
        return {
            name: {**spec, "low": whole[name][0], "high": whole[name][1]}
            if name in whole and "low" in spec
            else spec
            for name, spec in self.study.space.items()
        }


def best_of(data: FigureData) -> Trial | None:
    """The best trial that counts; of equal trials the first."""
    ranked = [trial for trial in data.trials if counts(trial)]
    return min(ranked, key=lambda trial: rank(data, trial), default=None)


def rank(data: FigureData, trial: Trial) -> tuple[float, int]:
    """The sort key of a trial, the best first; the trial must have a value."""
    assert trial.value is not None
    return (-trial.value if data.study.direction == "maximize" else trial.value), trial.number


def counts(trial: Trial) -> bool:
    """Whether the trial may be the best one."""
    is_result = trial.state == TrialState.COMPLETED and trial.replica_of is None
    return is_result and has_value(trial) and not trial.void


def has_value(trial: Trial) -> bool:
    """Whether the trial has a value that can be drawn."""
    return trial.value is not None and math.isfinite(trial.value)


def ended(data: FigureData) -> list[Trial]:
    """The trials that have a mark, by number."""
    marked = [t for t in data.trials if has_value(t) or t.state in UNSUCCESSFUL]
    return sorted(marked, key=lambda trial: trial.number)


def sample(data: FigureData, marked: Sequence[Trial], most: int = POINTS) -> list[Trial]:
    """At most `most` trials, by number: the best, the newest and a fair sample of the rest.

    The rest depends on a hash of the trials' numbers only: a trial that is drawn now is still
    drawn after more trials end, so a growing figure does not flicker.
    """
    if len(marked) <= most:
        return list(marked)
    leading = sorted(filter(counts, marked), key=lambda trial: rank(data, trial))
    chosen = {trial.number for trial in leading[: max(1, int(BEST_SHARE * most))]}
    chosen |= {trial.number for trial in marked[len(marked) - int(NEWEST_SHARE * most) :]}
    rest = sorted((trial.number for trial in marked if trial.number not in chosen), key=_hash)
    chosen |= {*rest[: most - len(chosen)]}
    return [trial for trial in marked if trial.number in chosen]


def _hash(number: int) -> int:
    return number * 2_654_435_769 % 2**32  # Knuth's multiplicative hash


def thinned(items: Sequence[Item], most: int) -> list[Item]:
    """At most `most` items, evenly spaced, including the first and the last."""
    if len(items) <= most:
        return list(items)
    step = (len(items) - 1) / (most - 1)
    return [items[round(i * step)] for i in range(most)]
