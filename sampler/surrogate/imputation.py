"""Imputation: estimates of the final values of pruned trials from their values at rungs."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from caviar.sampler.ranking import value_of, with_value
from caviar.sampler.rounds import Observation

MIN_PAIRS = 3  # trials promoted past a rung, to fit a slope


class Line(NamedTuple):
    """A straight line from the value at a rung to the final value."""

    x: float
    y: float
    slope: float

    def at(self, x: float) -> float:
        """The final value expected for the value x at the rung."""
        return self.y + self.slope * (x - self.x)


def with_imputed(observations: Sequence[Observation]) -> Sequence[Observation]:
    """The observations, with estimated final values for pruned trials.

    Without rungs the same sequence is returned.

    The value of a trial that was pruned at a rung is estimated by the least-squares line from the
    values at the rung to the final values of the trials that were promoted past it. Rungs are
    processed from the last to the first, and trials pruned later count with their estimates. If no
    trial was promoted, the value at the rung is the estimate. An estimate is never better than the
    best measured value, so that it cannot attract the search.

    The relation between early and late values may depend on the parameters, on l2 for example. But
    few trials are promoted, and only the best: a plane through them is less accurate than the line.
    """
    if not any(trial.rungs for trial in observations):
        return observations
    final = {trial.number: value_of(trial) for trial in with_value(observations)}
    best = min(final.values(), default=-math.inf)
    imputed: dict[int, float] = {}
    for epoch in sorted({epoch for trial in observations for epoch in trial.rungs}, reverse=True):
        line = _line(
            [
                (trial.rungs[epoch], final[trial.number])
                for trial in observations
                if epoch in trial.rungs and trial.number in final
            ]
        )
        for trial in observations:
            last_rung = max(trial.rungs, default=0)
            if trial.state == "pruned" and trial.value is None and last_rung == epoch:
                estimate = max(line.at(trial.rungs[epoch]), best)
                if math.isfinite(estimate):
                    imputed[trial.number] = final[trial.number] = estimate
    return [
        replace(trial, value=imputed[trial.number]) if trial.number in imputed else trial
        for trial in observations
    ]


def _line(pairs: Sequence[tuple[float, float]]) -> Line:
    """The least-squares line through pairs (value at the rung, final value).

    The slope is limited to [0, 1]: a trial that is ahead at the rung is not expected to end behind,
    and training brings trials closer together. With few pairs the slope is 1.
    """
    pairs = [(x, y) for x, y in pairs if math.isfinite(x)]
    if not pairs:
        return Line(0.0, 0.0, 1.0)
    x = sum(pair[0] for pair in pairs) / len(pairs)
    y = sum(pair[1] for pair in pairs) / len(pairs)
    variation = sum((pair[0] - x) * (pair[0] - x) for pair in pairs)
    covariation = sum((pair[0] - x) * (pair[1] - y) for pair in pairs)
    slope = covariation / variation if len(pairs) >= MIN_PAIRS and variation > 0.0 else 1.0
    return Line(x, y, min(max(slope, 0.0), 1.0))
