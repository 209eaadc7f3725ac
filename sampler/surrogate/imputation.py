"""Guesses: what pruned trials would probably have come to, by what they had when they stopped."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from caviar.sampler.ranking import value_of, with_value
from caviar.sampler.rounds import Observation

FEWEST = 3
"""Trials that went on from a rung, before a slope is read from them."""


class Line(NamedTuple):
    """From what trials had at a rung to what they come to: a straight line."""

    x: float
    y: float
    slope: float

    def at(self, x: float) -> float:
        """What is to be expected from a value at the rung."""
        return self.y + self.slope * (x - self.x)


def with_imputed(observations: Sequence[Observation]) -> Sequence[Observation]:
    """The observations, those of pruned trials with a guess in place of the value they lack.

    They are returned as they are, the same sequence, where no trial has rungs.

    A trial that stopped at a rung is guessed to have gone on as those did that went on from there:
    by the line, of least squares, from what they had at the rung to what they came to. The rungs
    are taken from the last to the first, and those who were pruned later count with their guesses.
    While nobody went on, the value at the rung stands. No guess is better than the best true value,
    for a guess must tempt nobody.

    How late values follow from early ones may depend on the parameters, too, on l2 for one; but so
    few trials go on, and only the best, that a plane through them guessed no better than the line.
    """
    if not any(one.rungs for one in observations):
        return observations
    ends = {one.number: value_of(one) for one in with_value(observations)}
    best = min(ends.values(), default=-math.inf)
    guesses: dict[int, float] = {}
    for epoch in sorted({epoch for one in observations for epoch in one.rungs}, reverse=True):
        line = _line(
            [
                (one.rungs[epoch], ends[one.number])
                for one in observations
                if epoch in one.rungs and one.number in ends
            ]
        )
        for one in observations:
            if one.state == "pruned" and one.value is None and max(one.rungs, default=0) == epoch:
                guess = max(line.at(one.rungs[epoch]), best)
                if math.isfinite(guess):
                    guesses[one.number] = ends[one.number] = guess
    return [
        replace(one, value=guesses[one.number]) if one.number in guesses else one
        for one in observations
    ]


def _line(pairs: Sequence[tuple[float, float]]) -> Line:
    """Through (at the rung, at the end) of some trials; with few of them, all gain the same.

    Its slope is from 0, for who is ahead at the rung is not expected to end behind, to 1, for
    training brings trials closer together.
    """
    pairs = [(x, y) for x, y in pairs if math.isfinite(x)]
    if not pairs:
        return Line(0.0, 0.0, 1.0)
    x = sum(pair[0] for pair in pairs) / len(pairs)
    y = sum(pair[1] for pair in pairs) / len(pairs)
    spread = sum((pair[0] - x) * (pair[0] - x) for pair in pairs)
    common = sum((pair[0] - x) * (pair[1] - y) for pair in pairs)
    slope = common / spread if len(pairs) >= FEWEST and spread > 0.0 else 1.0
    return Line(x, y, min(max(slope, 0.0), 1.0))
