"""Quasi-random search: a scrambled Sobol sequence that covers the space evenly."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from caviar.sampler.algorithms.one_round import OneRound
from caviar.sampler.rounds import Round
from caviar.sampler.space.scales import place_within
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.text import counted
from caviar.sampler.values import Setting

BLOCK_POINTS = 256  # made at once; a power of two, which keeps the sequence balanced


@dataclass(frozen=True, kw_only=True)
class QuasiRandomSampler(OneRound):
    """One round over the whole budget; if the budget is raised, one more continues the sequence.

    The draws of a parameter depend on its name and its position: a parameter that is added last
    does not change the draws of the others.
    """

    def prepare(self, space: SearchSpace, whole: Round) -> Round:
        """The round with its reason; trials are points of the sequence."""
        reason = f"{counted(whole.size, 'trial')} spread evenly over the whole space."
        return replace(whole, reason=reason)

    def draw(
        self, space: SearchSpace, current: Round, *, seed: int, number: int
    ) -> dict[str, Setting]:
        """The point of the sequence at the number of the trial, mapped to the round's box."""
        block, place = divmod(number, BLOCK_POINTS)
        units = {
            name: float(_column(dimension, name, seed, block)[place])
            for dimension, name in enumerate(space.parameters)
        }
        return space.decode(
            {
                name: place_within(units[name], low, high)
                for name, (low, high) in current.box.items()
            }
        )


@lru_cache(maxsize=1024)
def _column(dimension: int, name: str, seed: int, block: int) -> NDArray[np.float64]:
    """One dimension of a block of points of Sobol's sequence, (BLOCK_POINTS,).

    The dimension is scrambled by the seed and the name of the parameter: A. B. Owen, "Scrambling
    Sobol and Niederreiter-Xing points", 1998.
    """
    from scipy.stats import qmc

    generator = np.random.default_rng([seed, *name.encode()])
    sequence = qmc.Sobol(dimension + 1, scramble=True, rng=generator)
    if block:
        sequence.fast_forward(block * BLOCK_POINTS)
    points: NDArray[np.float64] = sequence.random(BLOCK_POINTS)[:, dimension]
    return points
