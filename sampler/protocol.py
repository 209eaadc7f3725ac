"""The protocol of all samplers: begin a round, then propose its trials."""

from collections.abc import Sequence
from typing import Protocol

from caviar.sampler.rounds import Observation, Round
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.values import Box, Setting


class Sampler(Protocol):
    """Decides which settings a study tries. A sampler is stateless: all state is an argument."""

    @property
    def learns(self) -> bool:
        """Whether proposals depend on the results of earlier trials."""

    def begin_round(
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
        """The round after `rounds`, planned from their `observations`, in any order.

        `budget` is the number of trials of the whole study. `box` is a manual zoom: its intervals
        replace those of the sampler. `size` fixes the number of trials of the round; without it,
        ValueError is raised when the rounds hold the whole budget.
        """

    def propose(
        self, space: SearchSpace, current: Round, *, seed: int, number: int
    ) -> dict[str, Setting]:
        """The setting of trial `number` of the round: a pure function of the arguments."""
