"""Random search: each trial is an independent draw from the whole space."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from caviar.sampler import draws
from caviar.sampler.algorithms.one_round import OneRound
from caviar.sampler.rounds import Round
from caviar.sampler.space.scales import place_within
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.text import counted
from caviar.sampler.values import Box, Setting

BLOCK_TRIALS = 64  # whose draws are made at once; divides 2**32, the number of trial numbers


@dataclass(frozen=True, kw_only=True)
class RandomSampler(OneRound):
    """One round over the whole budget; if the budget is raised, one more over the rest."""

    def prepare(self, space: SearchSpace, whole: Round) -> Round:
        """The round with its reason; trials are drawn from the box alone."""
        reason = f"{counted(whole.size, 'trial')} drawn at random from the whole space."
        return replace(whole, reason=reason)

    def draw(
        self, space: SearchSpace, current: Round, *, seed: int, number: int
    ) -> dict[str, Setting]:
        """A uniform draw from the round's box, on each parameter's scale."""
        return uniform_setting(space, current.box, seed=seed, number=number)


def uniform_setting(space: SearchSpace, box: Box, *, seed: int, number: int) -> dict[str, Setting]:
    """A uniform draw from a box; its relative position is the same in every box."""
    block, row = divmod(number, BLOCK_TRIALS)
    units = zip(box.items(), _draw_block(tuple(box), seed, block)[row], strict=True)
    return space.decode({name: place_within(u, *ends) for (name, ends), u in units})


@lru_cache(maxsize=64)
def _draw_block(names: tuple[str, ...], seed: int, block: int) -> list[list[float]]:
    """The draws of a block of trials, a row each: a block costs little more than one trial."""
    numbers = np.arange(block * BLOCK_TRIALS, (block + 1) * BLOCK_TRIALS)
    rows: list[list[float]] = draws.units(seed=seed, numbers=numbers, names=names).tolist()
    return rows
