"""From coarse to fine: look at the whole space, then, round by round, around the best so far."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from sampler import checks
from sampler.candidates import candidates
from sampler.coarse import spread
from sampler.coordinates import coordinates
from sampler.edges import pressed_ends
from sampler.elites import Fit, choose, fit
from sampler.errors import SamplerError
from sampler.favourites import favourites
from sampler.gaussian_process import GaussianProcess
from sampler.model import fit_model, pick, untried
from sampler.parameters import Parameter, Ranged
from sampler.random import uniform
from sampler.reasons import (
    by_hand_reason,
    coarse_reason,
    looks_reason,
    no_elite_reason,
    widened_reason,
    zoom_reason,
)
from sampler.rounds import Box, Observation, Round, following, trials_left, whole_box
from sampler.second_looks import Look, looking, own_fit, second_looks
from sampler.space import SearchSpace
from sampler.threads import one_thread
from sampler.values import Params, Value
from sampler.widening import Ranges, widened, wider
from sampler.wording import shown

COARSE = 12
SMALLEST = 8
LARGEST = 256
ROUNDS = 25  # of a budget large enough for them
POOL = 1024
FEWEST_EACH = 3
USUAL = -1  # the owner of candidates that any trial may try, save for second looks
UNFINISHED = ("waiting", "running", "paused")
MARGIN = 0.5
SMALLEST_MARGIN = 0.1


@dataclass(frozen=True, kw_only=True)
class CoarseToFine:
    """A coarse round over the whole space, then rounds drawn around the elites of all before.

    `elite_share` is the part of the finished trials that become elites, within limits. A parameter
    is narrowed from the round that its priority says. Inside the box a model of all observations
    chooses among candidates around its favourites: as many trials as there are elites, those that
    it expects most of. Second looks, which a round's reason tells of and its model lists by number,
    step out of the box, but never out of what a person drew. With `widen`, ranges grow at the ends
    that elites press against; with `asynchronous`, a round may be planned before those before it
    are closed: trials that have not ended are believed to give what the model expects of them.
    Raises SamplerError when an option is no such number or no such truth.
    """

    elite_share: float = 0.1
    widen: bool = False
    asynchronous: bool = False

    def __post_init__(self) -> None:
        checks.number(SamplerError, "elite_share", self.elite_share, low=0.01, high=1.0)
        for name in ("widen", "asynchronous"):
            if not isinstance(getattr(self, name), bool):
                message = f"must be true or false, not {shown(getattr(self, name))}"
                raise SamplerError(name, message)

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
            key=lambda one: one.number,
        )
        elites = choose(seen, share=self.elite_share)
        ranges = _ranges(rounds[-1]) if rounds else {}
        before = ranges
        if self.widen and rounds:
            ranges = self._widened(widened(space, ranges), elites, ranges)
        wide = widened(space, ranges)
        current = following(
            rounds,
            size=size or _size(rounds, budget=budget),
            box=whole_box(space.parameters, box),
            reason="",
        )
        if elites:
            current = _zoom(
                wide,
                current,
                elites,
                seen,
                coming=[one.params for one in observations if one.state in UNFINISHED],
                seed=seed,
                share=self.elite_share,
                by_hand=box or {},
            )
        else:
            coarse = coarse_reason(current.size, first=current.first)
            reason = no_elite_reason(seen) if seen else coarse
            points = spread(
                wide, current.box, seed=seed, numbers=range(current.first, current.stop)
            )
            current = replace(current, reason=reason, model={"points": points})
        if box:
            current = replace(current, reason=by_hand_reason(wide, box, current.reason))
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
            assert isinstance(parameter, Ranged)
            grown = wider(parameter, end)
            if grown != parameter:
                found[name] = (grown.low, grown.high)
        return found

    def propose(
        self, space: SearchSpace, current: Round, *, seed: int, number: int
    ) -> dict[str, Value]:
        """The trial's point as planned; in a round without plan, a uniform draw from its box."""
        wide = space_of(space, current)
        points = current.model.get("points")
        if points and current.first <= number < current.stop:
            return _setting(wide, points[number - current.first])
        return uniform(wide, current.box, seed=seed, number=number)


def _grown(space: SearchSpace, before: Ranges, ranges: Ranges) -> list[str]:
    """What a person reads of ranges that this round widened."""
    wide = widened(space, ranges)
    return [
        widened_reason(wide.parameters[name])
        for name, ends in ranges.items()
        if before.get(name) != ends
    ]


def space_of(space: SearchSpace, current: Round) -> SearchSpace:
    """The space that a round's box and trials are of: the study's, or what it was widened to."""
    return widened(space, _ranges(current))


def _ranges(current: Round) -> dict[str, tuple[float, float]]:
    """Ends of ranges, where they are no longer those of the study."""
    ranges = current.model.get("ranges", {})
    return {name: (low, high) for name, (low, high) in ranges.items()}


def _zoom(
    space: SearchSpace,
    current: Round,
    elites: Sequence[Observation],
    seen: Sequence[Observation],
    *,
    coming: Sequence[Params],
    seed: int,
    share: float,
    by_hand: Box,
) -> Round:
    numbers = range(current.first, current.stop)
    learned = fit(space, elites, round_number=current.number)
    fitted = {p.name: _interval(p, learned) for p in space.parameters.values()}
    box = {**fitted, **by_hand}
    reason = zoom_reason(
        space,
        elites=elites,
        seen=seen,
        narrowed=learned.centres,
        box=box,
        round_number=current.number,
    )
    with one_thread():
        model = fit_model(space, seen, coming)
        looks = second_looks(space, elites, numbers=numbers) if model else {}
        if model:
            liked = favourites(model, space, seen, count=len(elites))
            learned = fit(space, liked, round_number=current.number)
        points = _chosen(
            space,
            replace(current, box=box),
            model,
            looks,
            learned,
            seen,
            seed=seed,
            share=share,
            by_hand=by_hand,
        )
    return replace(
        current,
        box=box,
        elites=tuple(elite.number for elite in elites if elite.number >= 0),
        reason=" ".join([reason, *looks_reason(space, looks.values())]),
        model={"points": points, "looks": list(looks)},
    )


def _chosen(
    space: SearchSpace,
    current: Round,
    model: GaussianProcess | None,
    looks: Mapping[int, Look],
    learned: Fit,
    seen: Sequence[Observation],
    *,
    seed: int,
    share: float,
    by_hand: Box,
) -> list[list[float]]:
    """The points that the model chooses; without one, each trial's first candidate.

    Second looks have candidates of their own, and other trials none of those.
    """
    numbers = range(current.first, current.stop)
    each = max(POOL // len(numbers), FEWEST_EACH) if model else 1
    usual = [number for number in numbers if number not in looks]
    wide = whole_box(space.parameters, by_hand)
    own = {
        look: own_fit(space, look, seen, share=share, round_number=current.number)
        for look in dict.fromkeys(looks.values())
    }
    pools = [candidates(space, current.box, learned, seed=seed, numbers=usual, count=each)]
    lookers = {look: [number for number in looks if looks[number] == look] for look in own}
    pools += [
        looking(space, look, own[look], learned, box=wide, seed=seed, numbers=its, count=each)
        for look, its in lookers.items()
    ]
    pool = np.concatenate(pools)
    if model is not None:
        owners = np.repeat([USUAL] * len(usual) + [*chain(*lookers.values())], each)
        settings = [_setting(space, row) for row in pool.tolist()]
        points = coordinates(space, settings)
        fresh = untried(points, model.points, enough=len(numbers))
        allowed = {
            number: np.flatnonzero(owners[fresh] == (number if number in looks else USUAL))
            for number in numbers
        }
        for number, look in looks.items():
            if look:
                rows = allowed[number]
                allowed[number] = rows[[look.made(settings[row]) for row in fresh[rows]]]
        tried = pick(model, points[fresh], seed=seed, numbers=numbers, allowed=allowed, looks=looks)
        pool = pool[fresh[tried]]
    chosen: list[list[float]] = pool.tolist()
    return chosen


def _setting(space: SearchSpace, point: Sequence[float]) -> dict[str, Value]:
    return space.decode(dict(zip(space.parameters, point, strict=True)))


def _size(rounds: Sequence[Round], *, budget: int) -> int:
    """From the budget alone, in even parts, so that no fragment is left at the end."""
    left = trials_left(rounds, budget=budget)
    usual = min(max(math.ceil(budget / ROUNDS), SMALLEST), LARGEST)
    if not rounds:
        coarse = max(COARSE, usual)
        return coarse if left >= coarse + SMALLEST / 2 else left
    return math.ceil(left / max(round(left / usual), 1))


def _interval(parameter: Parameter, learned: Fit) -> tuple[float, float]:
    """The elites' interval and a margin, at least to the next value; all of it if not narrowed."""
    places = [p for p in learned.centres.get(parameter.name, []) if p is not None]
    if not places or parameter.name in learned.choices:
        return 0.0, 1.0
    low, high = min(places), max(places)
    step = max(parameter.share(parameter.decode(place)) for place in places)
    margin = max(MARGIN * (high - low), SMALLEST_MARGIN, step)
    return max(0.0, low - margin), min(1.0, high + margin)
