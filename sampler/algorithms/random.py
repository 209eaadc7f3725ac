"""Random search: every trial drawn alone from the whole space, so that none waits for another."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from caviar.sampler import draws
from caviar.sampler.algorithms.one_round import OneRound
from caviar.sampler.rounds import Box, Round
from caviar.sampler.space.scales import place_within
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.text import counted
from caviar.sampler.values import Value

BLOCK = 64  # trials whose draws are made at a time; a power of two, so that the last fits as well


@dataclass(frozen=True, kw_only=True)
class RandomSampler(OneRound):
    """One round over the whole budget; if the budget is raised later, one more over the rest."""

    def prepare(self, space: SearchSpace, whole: Round) -> Round:
        """The round as it is: its trials are drawn from its box."""
        drawn = f"{counted(whole.size, 'trial')} drawn at random from the whole space."
        return replace(whole, reason=drawn)

    def propose(
        self, space: SearchSpace, current: Round, *, seed: int, number: int
    ) -> dict[str, Value]:
        """A uniform draw from the round's box, on each parameter's scale."""
        return uniform_setting(space, current.box, seed=seed, number=number)


def uniform_setting(space: SearchSpace, box: Box, *, seed: int, number: int) -> dict[str, Value]:
    """The trial's uniform draw from a box: the same place of any box that is drawn."""
    place, row = divmod(number, BLOCK)
    units = zip(box.items(), _block(tuple(box), seed, place)[row], strict=True)
    return space.decode({name: place_within(u, *ends) for (name, ends), u in units})


@lru_cache(maxsize=64)
def _block(names: tuple[str, ...], seed: int, place: int) -> list[list[float]]:
    """The draws of trials place * BLOCK onwards, a row each: many at once cost little more."""
    numbers = np.arange(place * BLOCK, (place + 1) * BLOCK)
    rows: list[list[float]] = draws.units(seed=seed, numbers=numbers, names=names).tolist()
    return rows
