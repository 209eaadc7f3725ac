"""The one protocol of all samplers: plan a round, propose its trials."""

from collections.abc import Sequence
from typing import Protocol

from caviar.sampler.rounds import Box, Observation, Round
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.values import Value


class Sampler(Protocol):
    """Decides which settings a study tries. It keeps no state: all of it goes in and comes out."""

    @property
    def learns(self) -> bool:
        """Whether what it proposes depends on what trials gave."""

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
        """The round after `rounds`, which are closed and gave `observations`, in any order.

        `budget` counts the trials of the whole study. `box` is a zoom by hand: the intervals that a
        person drew stand in place of the sampler's own. `size` is how many trials the round has,
        where a person says so; without it, ValueError is raised when the rounds hold it all.
        """

    def propose(
        self, space: SearchSpace, current: Round, *, seed: int, number: int
    ) -> dict[str, Value]:
        """The setting of one trial of the round: a pure function of its arguments."""
