"""The base of samplers that do not learn: one round with the rest of the budget."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import replace

from caviar.sampler.rounds import Observation, Round, next_round, trials_left, whole_box
from caviar.sampler.space.finite import Untried, shuffled, untried
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.values import Box, Params, Setting


class OneRound(ABC):
    """One round over the whole budget; if the budget is raised, one more over the rest.

    If the budget pays for every setting of the space, the round has those that were not tried yet.
    """

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
        tried: Collection[Params] | None = None,
    ) -> Round:
        """One round with the rest of the budget, over the whole space or the box."""
        left = size or trials_left(rounds, budget=budget)
        whole = whole_box(space.parameters, box)
        current = next_round(rounds, size=left, box=whole, reason="")
        known = [trial.params for trial in observations] if tried is None else tried
        rest = untried(space, whole, known, at_most=budget)
        return self.prepare(space, current) if rest is None else self._finish(current, rest, seed)

    def _finish(self, current: Round, rest: Untried, seed: int) -> Round:
        """The round with settings of a finite space that were not tried yet."""
        places = self.order(rest.places, seed=seed)[: current.size]
        return replace(
            current,
            size=len(places),
            reason=rest.reason(len(places)),
            proposal_data={"settings": places, "left": rest.total - len(places)},
        )

    def propose(
        self, space: SearchSpace, current: Round, *, seed: int, number: int
    ) -> dict[str, Setting]:
        """The planned setting of the trial in a finite space, else a draw."""
        places = current.proposal_data.get("settings")
        if places and current.first <= number < current.stop:
            return dict(space.settings[places[number - current.first]].params)
        return self.draw(space, current, seed=seed, number=number)

    def order(self, places: Sequence[int], *, seed: int) -> list[int]:
        """The order in which the settings of a finite space are tried: by default shuffled."""
        return shuffled(places, seed=seed)

    @abstractmethod
    def prepare(self, space: SearchSpace, whole: Round) -> Round:
        """The round with its reason and its proposal data."""

    @abstractmethod
    def draw(
        self, space: SearchSpace, current: Round, *, seed: int, number: int
    ) -> dict[str, Setting]:
        """The setting of trial `number` of a round that `prepare` made."""
