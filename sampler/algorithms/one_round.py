"""A search that looks at nothing while it runs: one round with all that is left of the budget."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from caviar.sampler.rounds import Box, Observation, Round, next_round, trials_left, whole_box
from caviar.sampler.space.space import SearchSpace


class OneRound(ABC):
    """One round over the whole budget; if the budget is raised later, one more over the rest."""

    learns = False

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
        whole = whole_box(space.parameters, box)
        return self.prepare(space, next_round(rounds, size=left, box=whole, reason=""))

    @abstractmethod
    def prepare(self, space: SearchSpace, whole: Round) -> Round:
        """The round with its reason, and with what its trials are proposed from."""
