"""Random search: every trial drawn alone from the whole space, so that none waits for another."""

from collections.abc import Sequence
from dataclasses import dataclass

from sampler import draws
from sampler.rounds import Box, Observation, Round, planned, trials_left, whole_box
from sampler.scales import LINEAR
from sampler.space import SearchSpace
from sampler.values import Value
from sampler.wording import counted


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
        return Round(
            number=rounds[-1].number + 1 if rounds else 0,
            first=planned(rounds),
            size=left,
            box=whole_box(space.parameters, box),
            reason=f"{counted(left, 'trial')} drawn at random from the whole space.",
        )

    def propose(
        self, space: SearchSpace, current: Round, *, seed: int, number: int
    ) -> dict[str, Value]:
        """A uniform draw from the round's box, on each parameter's scale."""
        return space.decode(
            {
                name: LINEAR.from_unit(draws.unit(seed=seed, number=number, name=name), low, high)
                for name, (low, high) in current.box.items()
            }
        )
