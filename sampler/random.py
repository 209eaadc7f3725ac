"""Random search: every trial drawn alone from the whole space, so that none waits for another."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sampler import draws
from sampler.rounds import Box, Observation, Round, following, trials_left, whole_box
from sampler.scales import LINEAR
from sampler.space import SearchSpace
from sampler.values import Value
from sampler.wording import counted

BLOCK = 64  # trials whose draws are made at a time; a power of two, so that the last fits as well


@dataclass(frozen=True, kw_only=True)
class RandomSampler:
    """One round over the whole budget; if the budget is raised later, one more over the rest."""

    def plan(
        self,
        space: SearchSpace,
        *,
        seed: int,
        budget: int,
        rounds: Sequence[Round],
        observations: Sequence[Observation],
        box: Box | None = None,
        size: int | None = None,
    ) -> Round:
        """All that is left of the budget, over the whole space."""
        left = size or trials_left(rounds, budget=budget)
        return following(
            rounds,
            size=left,
            box=whole_box(space.parameters, box),
            reason=f"{counted(left, 'trial')} drawn at random from the whole space.",
        )

    def propose(
        self, space: SearchSpace, current: Round, *, seed: int, number: int
    ) -> dict[str, Value]:
        """A uniform draw from the round's box, on each parameter's scale."""
        return uniform(space, current.box, seed=seed, number=number)


def uniform(space: SearchSpace, box: Box, *, seed: int, number: int) -> dict[str, Value]:
    """The trial's uniform draw from a box: the same place of any box that is drawn."""
    place, row = divmod(number, BLOCK)
    units = zip(box.items(), _block(tuple(box), seed, place)[row], strict=True)
    return space.decode({name: LINEAR.from_unit(u, *ends) for (name, ends), u in units})


@lru_cache(maxsize=64)
def _block(names: tuple[str, ...], seed: int, place: int) -> list[list[float]]:
    """The draws of trials place * BLOCK onwards, a row each: many at once cost little more."""
    numbers = np.arange(place * BLOCK, (place + 1) * BLOCK)
    rows: list[list[float]] = draws.units(seed=seed, numbers=numbers, names=names).tolist()
    return rows
