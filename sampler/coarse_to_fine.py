"""From coarse to fine: look at the whole space, then, round by round, around the best so far."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sampler import checks
from sampler.candidates import candidates
from sampler.elites import Fit, choose, fit
from sampler.errors import SamplerError
from sampler.parameters import Parameter
from sampler.reasons import coarse_reason, no_elite_reason, zoom_reason
from sampler.rounds import Observation, Round, planned, trials_left
from sampler.space import SearchSpace
from sampler.values import Value

SMALLEST_COARSE = 12
SMALLEST_ZOOM = 8
LARGEST = 256
ZOOM_SHARE = 0.1
MARGIN = 0.2
SMALLEST_MARGIN = 0.05


@dataclass(frozen=True, kw_only=True)
class CoarseToFine:
    """A coarse round over the whole space, then rounds drawn around the elites of all before.

    `coarse_share` is the coarse round's part of the budget, and `elite_share` the part of the
    finished trials that become elites, within limits. A parameter is narrowed from the round that
    its priority says. Raises SamplerError when a share is no number between its limits.
    """

    coarse_share: float = 0.15
    elite_share: float = 0.1

    def __post_init__(self) -> None:
        checks.number(SamplerError, "coarse_share", self.coarse_share, low=0.01, high=1.0)
        checks.number(SamplerError, "elite_share", self.elite_share, low=0.01, high=1.0)

    def plan(
        self,
        space: SearchSpace,
        *,
        seed: int,
        budget: int,
        rounds: Sequence[Round],
        observations: Sequence[Observation],
    ) -> Round:
        """The coarse round, or a zoom to the elites of all that was observed."""
        number = rounds[-1].number + 1 if rounds else 0
        size = self._size(rounds, budget=budget)
        elites = choose(observations, share=self.elite_share) if rounds else []
        if elites:
            learned = fit(space, elites, round_number=number)
            box = {p.name: _interval(p, learned) for p in space.parameters.values()}
            model = learned.to_dict()
            reason = zoom_reason(
                space,
                elites=elites,
                seen=observations,
                narrowed=learned.centres,
                box=box,
                round_number=number,
            )
        else:
            box, model = dict.fromkeys(space.parameters, (0.0, 1.0)), {}
            reason = no_elite_reason(observations) if rounds else coarse_reason(size)
        return Round(
            number=number,
            first=planned(rounds),
            size=size,
            box=box,
            elites=tuple(elite.number for elite in elites),
            reason=reason,
            model=model,
        )

    def propose(
        self, space: SearchSpace, current: Round, *, seed: int, number: int
    ) -> dict[str, Value]:
        """The first candidate."""
        (point,) = candidates(space, current, seed=seed, number=number, count=1)
        return space.decode(dict(zip(space.parameters, point.tolist(), strict=True)))

    def _size(self, rounds: Sequence[Round], *, budget: int) -> int:
        """From the budget alone, in even parts, so that no fragment is left at the end."""
        left = trials_left(rounds, budget=budget)
        if not rounds:
            coarse = min(max(round(self.coarse_share * budget), SMALLEST_COARSE), LARGEST)
            return coarse if left >= coarse + SMALLEST_ZOOM / 2 else left
        zoom = min(max(round(ZOOM_SHARE * budget), SMALLEST_ZOOM), LARGEST)
        return math.ceil(left / max(round(left / zoom), 1))


def _interval(parameter: Parameter, learned: Fit) -> tuple[float, float]:
    """The elites' interval and a margin, at least to the next value; all of it if not narrowed."""
    places = [p for p in learned.centres.get(parameter.name, []) if p is not None]
    if not places or parameter.name in learned.choices:
        return 0.0, 1.0
    low, high = min(places), max(places)
    step = max(parameter.share(parameter.decode(place)) for place in places)
    margin = max(MARGIN * (high - low), SMALLEST_MARGIN, step)
    return max(0.0, low - margin), min(1.0, high + margin)
