"""The data of a figure, and which of its trials count, have a mark, and are drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from caviar.service.contract.schemas import Curve, Round, Study, Trial
from caviar.service.contract.states import TrialState

Item = TypeVar("Item")

POINTS = 1_000
"""Trials drawn in one panel at most; a sample of a larger study includes the best trial."""

UNSUCCESSFUL = (TrialState.FAILED, TrialState.DIVERGED)
"""States of trials that ended without a value."""


@dataclass(frozen=True)
class FigureData:
    """The data of a figure: a study, all its trials, some learning curves, and its rounds."""

    study: Study
    trials: Sequence[Trial]
    curves: Sequence[Curve]
    rounds: Sequence[Round]

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


def sample(trials: Sequence[Trial], best: Trial | None, most: int = POINTS) -> list[Trial]:
    """At most `most` trials, including the best.

    The choice depends on a hash of the trials' numbers only: a trial that is drawn now is still
    drawn after more trials end, so a growing figure does not flicker.
    """
    if len(trials) <= most:
        return list(trials)
    ranked = sorted(trials, key=lambda trial: (trial is not best, _hash(trial.number)))
    return sorted(ranked[:most], key=lambda trial: trial.number)


def _hash(number: int) -> int:
    return number * 2_654_435_769 % 2**32  # Knuth's multiplicative hash


def thinned(items: Sequence[Item], most: int) -> list[Item]:
    """At most `most` items, evenly spaced, including the first and the last."""
    if len(items) <= most:
        return list(items)
    step = (len(items) - 1) / (most - 1)
    return [items[round(i * step)] for i in range(most)]
