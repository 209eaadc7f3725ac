"""From coarse to fine: look at the whole space, then, round by round, around the best so far."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from caviar.sampler.algorithms.random import uniform_setting
from caviar.sampler.coarse_to_fine.edges import pressed_ends
from caviar.sampler.coarse_to_fine.elites import choose_elites
from caviar.sampler.coarse_to_fine.explanations import (
    coarse_reason,
    manual_zoom_reason,
    no_elite_reason,
    widened_reason,
)
from caviar.sampler.coarse_to_fine.latin_hypercube import latin_hypercube
from caviar.sampler.coarse_to_fine.widening import Ranges, ranges_in, round_space, widened, wider
from caviar.sampler.coarse_to_fine.zoom import zoom
from caviar.sampler.errors import SamplerError
from caviar.sampler.ranking import ranked
from caviar.sampler.rounds import Box, Observation, Round, next_round, trials_left, whole_box
from caviar.sampler.space import checks
from caviar.sampler.space.parameters import Numeric
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.text import shown
from caviar.sampler.values import Value

COARSE = 12
SMALLEST = 8
LARGEST = 256
ROUNDS = 25  # of a budget large enough for them
UNFINISHED = ("waiting", "running", "paused")


@dataclass(frozen=True, kw_only=True)
class CoarseToFine:
    """A coarse round over the whole space, then rounds drawn around the elites of all before.

    `elite_share` is the part of the finished trials that become elites, within limits. A parameter
    is narrowed from the round that its priority says. Inside the box a model of all observations
    chooses among candidates around its favourites: as many trials as there are elites, those that
    it expects most of. Second looks, which a round's reason tells of and its model lists by number,
    step out of the box, but never out of what a person drew. With `widen`, ranges grow at the ends
    that elites press against. Where a round is planned before those before it are closed, trials
    that have not ended are believed to give what the model expects of them. Raises SamplerError
    when an option is no such number or no such truth.
    """

    elite_share: float = 0.1
    widen: bool = False

    learns = True

    def __post_init__(self) -> None:
        checks.number(SamplerError, "elite_share", self.elite_share, low=0.01, high=1.0)
        if not isinstance(self.widen, bool):
            raise SamplerError("widen", f"must be true or false, not {shown(self.widen)}")

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
        """The coarse round, or a zoom to the elites of all that was observed.

        Observations with negative numbers are evidence from elsewhere: the model learns from them,
        and they may be elites. `box` is a zoom by hand: its intervals stand in place of those that
        the elites would give.
        """
        seen = sorted(
            (one for one in observations if one.state not in UNFINISHED),
            key=attrgetter("number"),
        )
        best = ranked(seen)
        ranges = ranges_in(rounds[-1]) if rounds else {}
        before = ranges
        if self.widen and rounds:
            elites = choose_elites(best, share=self.elite_share)
            ranges = self._widened(widened(space, ranges), elites, ranges)
        wide = widened(space, ranges)
        current = next_round(
            rounds,
            size=size or _size(rounds, budget=budget),
            box=whole_box(space.parameters, box),
            reason="",
        )
        if best:
            current = zoom(
                wide,
                current,
                best,
                seen,
                coming=[one.params for one in observations if one.state in UNFINISHED],
                seed=seed,
                share=self.elite_share,
                manual_box=box or {},
                looked={number for one in rounds for number in one.model.get("looks", ())},
                last_round=current.number + _rounds_in(budget - current.stop, budget=budget),
            )
        else:
            drawn = box or {}
            coarse = coarse_reason(current.size, first=current.first, manual_box=drawn)
            reason = no_elite_reason(seen, manual_box=drawn) if seen else coarse
            points = latin_hypercube(
                wide, current.box, seed=seed, numbers=range(current.first, current.stop)
            )
            current = replace(current, reason=reason, model={"points": points})
        if box:
            current = replace(current, reason=manual_zoom_reason(wide, box, current.reason))
        if ranges:
            current = replace(
                current,
                model={
                    **current.model,
                    "ranges": {name: list(ends) for name, ends in ranges.items()},
                },
            )
        return replace(current, reason=" ".join([current.reason, *_grown(space, before, ranges)]))

    def _widened(
        self, space: SearchSpace, elites: Sequence[Observation], ranges: Ranges
    ) -> dict[str, tuple[float, float]]:
        """The ranges, with those ends further out that the elites press against."""
        found = dict(ranges)
        for name, end in pressed_ends(space, elites):
            parameter = space.parameters[name]
            assert isinstance(parameter, Numeric)
            grown = wider(parameter, end)
            if grown != parameter:
                low, high = found.get(name, parameter.bounds)
                found[name] = (grown.low, high) if end == "low" else (low, grown.high)
        return found

    def propose(
        self, space: SearchSpace, current: Round, *, seed: int, number: int
    ) -> dict[str, Value]:
        """The trial's point as planned; in a round without plan, a uniform draw from its box."""
        wide = round_space(space, current)
        points = current.model.get("points")
        if points and current.first <= number < current.stop:
            return wide.at(points[number - current.first])
        return uniform_setting(wide, current.box, seed=seed, number=number)


def _grown(space: SearchSpace, before: Ranges, ranges: Ranges) -> list[str]:
    """What a person reads of ranges that this round widened."""
    wide = widened(space, ranges)
    return [
        widened_reason(wide.parameters[name])
        for name, ends in ranges.items()
        if before.get(name) != ends
    ]


def _size(rounds: Sequence[Round], *, budget: int) -> int:
    """From the budget alone, in even parts, so that no fragment is left at the end."""
    left = trials_left(rounds, budget=budget)
    if not rounds:
        coarse = max(COARSE, _usual_size(budget))
        return coarse if left >= coarse + SMALLEST / 2 else left
    return math.ceil(left / _rounds_in(left, budget=budget))


def _usual_size(budget: int) -> int:
    return min(max(math.ceil(budget / ROUNDS), SMALLEST), LARGEST)


def _rounds_in(left: int, *, budget: int) -> int:
    """How many rounds about as large as usual the trials make that are left of the budget."""
    return max(round(left / _usual_size(budget)), 1) if left > 0 else 0
