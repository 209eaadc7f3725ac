"""Noise: how much the values of trials with the same setting differ."""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from caviar.sampler.rounds import Observation
from caviar.sampler.surrogate.surrogate import scores
from caviar.sampler.values import params_identity


@dataclass(frozen=True, kw_only=True)
class Repeats:
    """The noise measured on `trials` trials of `params` repeated params with other seeds.

    `share` is the part of the variance of the scores of all trials that lies within equal
    params. A parameter with a smaller importance cannot be distinguished from noise.
    """

    params: int
    trials: int
    share: float


def repeats(observations: Sequence[Observation]) -> Repeats | None:
    """The noise of repeated params; None if no params have two values or all values are equal.

    The share is the pooled variance within equal params over the variance of all scores.
    """
    valued = [trial for trial in observations if trial.value is not None]
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for row, trial in enumerate(valued):
        groups[params_identity(trial.params)].append(row)
    repeated = [rows for rows in groups.values() if len(rows) > 1]
    if not repeated:
        return None
    scored = scores(valued)
    total = float(np.var(scored, ddof=1))
    if total <= 0.0:
        return None
    squares = sum(float(np.sum((scored[rows] - scored[rows].mean()) ** 2)) for rows in repeated)
    freedom = sum(len(rows) - 1 for rows in repeated)
    return Repeats(
        params=len(repeated),
        trials=freedom + len(repeated),
        share=min(squares / freedom / total, 1.0),
    )
