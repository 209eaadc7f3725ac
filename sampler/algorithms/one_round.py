"""The base of samplers that do not learn: one round with the rest of the budget."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from caviar.sampler.rounds import Observation, Round, next_round, trials_left, whole_box
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.values import Box


class OneRound(ABC):
    """One round over the whole budget; if the budget is raised, one more over the rest."""

    learns = False

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
        """One round with the rest of the budget, over the whole space or the box."""
        left = size or trials_left(rounds, budget=budget)
        whole = whole_box(space.parameters, box)
        return self.prepare(space, next_round(rounds, size=left, box=whole, reason=""))

    @abstractmethod
    def prepare(self, space: SearchSpace, whole: Round) -> Round:
        """The round with its reason and its proposal data."""
