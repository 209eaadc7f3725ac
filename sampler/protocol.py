"""The protocol of all samplers: begin a round, then propose its trials."""

from collections.abc import Collection, Sequence
from typing import Protocol

from caviar.sampler.rounds import Observation, Round
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.values import Box, Params, Setting


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
        tried: Collection[Params] | None = None,
    ) -> Round:
        """The round after `rounds`, planned from their `observations`, in any order.

        `budget` is the number of trials of the whole study. `box` is a manual zoom: its intervals
        replace those of the sampler. `size` fixes the number of trials of the round; without it,
        ValueError is raised when the rounds hold the whole budget.

        If the budget pays for every setting of the space, none is tried twice: `tried` are the
        params of all trials so far, by default those of the observations. The round is shorter
        where fewer settings are left, and has no trial where none is.
        """

    def propose(
        self, space: SearchSpace, current: Round, *, seed: int, number: int
    ) -> dict[str, Setting]:
        """The setting of trial `number` of the round: a pure function of the arguments."""
