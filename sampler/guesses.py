"""Guesses: what pruned trials would probably have come to, by what they had when they stopped."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import replace

from sampler.rounds import Observation


def with_guesses(observations: Sequence[Observation]) -> list[Observation]:
    """The observations, those of pruned trials with a guess in place of the value they lack.

    A trial that stopped at a rung is guessed to have gone on as those did that came from this rung
    to the end: by the median of their gains. While nobody did, its value at the rung stands. No
    guess is better than the best true value, for a guess must tempt nobody. It is for models only:
    a pruned trial stays evidence to keep away from, and is never an elite.
    """
    ended = [one for one in observations if one.value is not None and math.isfinite(one.value)]
    best = min((one.value for one in ended if one.value is not None), default=-math.inf)
    gains: dict[int, list[float]] = {}
    for one in ended:
        for epoch, value in one.rungs.items():
            if one.value is not None and math.isfinite(value):
                gains.setdefault(epoch, []).append(one.value - value)
    return [_guessed(one, gains, best) for one in observations]


def _guessed(one: Observation, gains: dict[int, list[float]], best: float) -> Observation:
    if one.value is not None or one.state != "pruned" or not one.rungs:
        return one
    epoch = max(one.rungs)
    gain = statistics.median(gains[epoch]) if epoch in gains else 0.0
    guess = max(one.rungs[epoch] + gain, best)
    return replace(one, value=guess) if math.isfinite(guess) else one
