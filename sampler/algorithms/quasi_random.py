"""Quasi-random search: trials that keep their distance, so that each part of the space has some."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from caviar.sampler.algorithms.one_round import OneRound
from caviar.sampler.rounds import Round
from caviar.sampler.space.scales import place_within
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.text import counted
from caviar.sampler.values import Value

BLOCK = 256  # points made at a time; a power of two, as Sobol's sequence likes it


@dataclass(frozen=True, kw_only=True)
class QuasiRandomSampler(OneRound):
    """One round over the whole budget; if the budget is raised later, one more goes on from it.

    A parameter's draws depend on its name and on its place among the others: one that is added
    behind them changes none of theirs.
    """

    def prepare(self, space: SearchSpace, whole: Round) -> Round:
        """The round as it is: its trials are points of the sequence."""
        even = f"{counted(whole.size, 'trial')} spread evenly over the whole space."
        return replace(whole, reason=even)

    def propose(
        self, space: SearchSpace, current: Round, *, seed: int, number: int
    ) -> dict[str, Value]:
        """The point of the sequence that has the trial's number, in the round's box."""
        turn, place = divmod(number, BLOCK)
        units = {
            name: float(_column(dimension, name, seed, turn)[place])
            for dimension, name in enumerate(space.parameters)
        }
        return space.decode(
            {
                name: place_within(units[name], low, high)
                for name, (low, high) in current.box.items()
            }
        )


@lru_cache(maxsize=1024)
def _column(dimension: int, name: str, seed: int, turn: int) -> NDArray[np.float64]:
    """One dimension of the points turn * BLOCK onwards of Sobol's sequence.

    Each is scrambled by the seed and the parameter's name: A. B. Owen, "Scrambling Sobol and
    Niederreiter-Xing points", 1998.
    """
    from scipy.stats import qmc

    generator = np.random.default_rng([seed, *name.encode()])
    sequence = qmc.Sobol(dimension + 1, scramble=True, rng=generator)
    if turn:
        sequence.fast_forward(turn * BLOCK)
    points: NDArray[np.float64] = sequence.random(BLOCK)[:, dimension]
    return points
