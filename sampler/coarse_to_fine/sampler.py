"""The coarse-to-fine sampler: a coarse round, then rounds around the best trials so far."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from caviar.sampler.algorithms.random import uniform_setting
from caviar.sampler.coarse_to_fine.edge_alarms import pressed_ends
from caviar.sampler.coarse_to_fine.elites import choose_elites
from caviar.sampler.coarse_to_fine.explanations import (
    coarse_reason,
    manual_zoom_reason,
    no_elite_reason,
    widened_reason,
)
from caviar.sampler.coarse_to_fine.latin_hypercube import latin_hypercube
from caviar.sampler.coarse_to_fine.remaining import remaining_round
from caviar.sampler.coarse_to_fine.widening import (
    Ranges,
    may_grow,
    round_ranges,
    round_space,
    widened,
    wider,
)
from caviar.sampler.coarse_to_fine.zoom import History, zoom
from caviar.sampler.errors import SamplerError
from caviar.sampler.ranking import ranked
from caviar.sampler.rounds import (
    Observation,
    ProposalData,
    Round,
    next_round,
    trials_left,
    whole_box,
)
from caviar.sampler.space import checks
from caviar.sampler.space.finite import untried
from caviar.sampler.space.parameters import Numeric
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.text import shown
from caviar.sampler.values import Box, Params, Setting

MIN_COARSE_SIZE = 12
MIN_SIZE, MAX_SIZE = 8, 256  # trials of a round
TARGET_ROUNDS = 25  # of a large budget
UNFINISHED = ("waiting", "running", "paused")


@dataclass(frozen=True, kw_only=True)
class CoarseToFine:
    """A coarse round over the whole space, then rounds drawn around the elites of all before.

    `elite_share` is the share of the trials with a value that become elites, within limits. A
    parameter is narrowed from the round of its priority on. In each zoom a surrogate of all
    observations selects among candidates around its incumbents. Some trials explore outside the
    box, but within a manual box; the reason and the proposal data of the round name them. With
    `widen`, ranges grow at ends that elites press against. If a round is planned before earlier
    trials have ended, the surrogate is conditioned on its mean at their settings. Raises
    SamplerError for an invalid option.
    """

    elite_share: float = 0.1
    widen: bool = False

    learns = True

    def __post_init__(self) -> None:
        checks.number(SamplerError, "elite_share", self.elite_share, low=0.01, high=1.0)
        if not isinstance(self.widen, bool):
            raise SamplerError("widen", f"must be true or false, not {shown(self.widen)}")

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
        """The coarse round, or a zoom to the elites of all observations.

        Observations with negative numbers are trials of other studies: the surrogate learns from
        them, and they may be elites. `box` is a manual zoom: its intervals replace those of the
        elites. In a finite space whose settings the budget pays for, the surrogate selects among
        all of them that were not tried yet.
        """
        ended = sorted(
            (trial for trial in observations if trial.state not in UNFINISHED),
            key=attrgetter("number"),
        )
        history = History(
            ended=ended,
            best=ranked(ended),
            pending=[trial.params for trial in observations if trial.state in UNFINISHED],
            explored={
                number for closed in rounds for number in closed.proposal_data.get("looks", ())
            },
        )
        previous = round_ranges(rounds[-1]) if rounds else {}
        ranges = self._ranges(space, previous, history) if rounds else previous
        current = next_round(
            rounds,
            size=size or _size(rounds, budget=budget),
            box=whole_box(space.parameters, box),
            reason="",
        )
        wide = widened(space, ranges)
        known = [trial.params for trial in observations] if tried is None else tried
        rest = None
        if not (self.widen and may_grow(space)):  # else there are settings beyond those of today
            rest = untried(wide, current.box, known, at_most=budget)
        if rest is not None:
            current = remaining_round(
                wide, current, rest, history, seed=seed, elite_share=self.elite_share
            )
        elif history.best:
            current = zoom(
                wide,
                current,
                history,
                seed=seed,
                elite_share=self.elite_share,
                manual_box=box or {},
                last_round=current.number + _rounds_in(budget - current.stop, budget=budget),
            )
        else:
            current = _coarse(wide, current, ended, seed=seed, manual_box=box or {})
        if box and current.size:
            current = replace(current, reason=manual_zoom_reason(wide, box, current.reason))
        if ranges:
            stored = {name: list(ends) for name, ends in ranges.items()}
            data: ProposalData = {**current.proposal_data, "ranges": stored}
            current = replace(current, proposal_data=data)
        reasons = [current.reason, *_widened_reasons(space, previous, ranges)]
        return replace(current, reason=" ".join(reasons))

    def _ranges(
        self, space: SearchSpace, previous: dict[str, tuple[float, float]], history: History
    ) -> dict[str, tuple[float, float]]:
        """The ranges of the next round; with `widen`, ends that elites press against move out."""
        if not self.widen:
            return previous
        elites = choose_elites(history.best, share=self.elite_share)
        wide = widened(space, previous)
        ranges = dict(previous)
        for name, end in pressed_ends(wide, elites):
            parameter = wide.parameters[name]
            assert isinstance(parameter, Numeric)
            grown = wider(parameter, end)
            if grown != parameter:
                low, high = ranges.get(name, parameter.bounds)
                ranges[name] = (grown.low, high) if end == "low" else (low, grown.high)
        return ranges

    def propose(
        self, space: SearchSpace, current: Round, *, seed: int, number: int
    ) -> dict[str, Setting]:
        """The planned setting of the trial; in a round without points, a uniform draw."""
        wide = round_space(space, current)
        points = current.proposal_data.get("points")
        if points and current.first <= number < current.stop:
            return wide.at(points[number - current.first])
        return uniform_setting(wide, current.box, seed=seed, number=number)


def _coarse(
    space: SearchSpace,
    current: Round,
    ended: Sequence[Observation],
    *,
    seed: int,
    manual_box: Box,
) -> Round:
    """The round as a coarse round: the first one, or another one while no trial has a value."""
    numbers = range(current.first, current.stop)
    if ended:
        reason = no_elite_reason(ended, manual_box=manual_box)
    else:
        reason = coarse_reason(current.size, first=current.first, manual_box=manual_box)
    points = latin_hypercube(space, current.box, seed=seed, numbers=numbers)
    return replace(current, reason=reason, proposal_data={"points": points})


def _widened_reasons(space: SearchSpace, previous: Ranges, ranges: Ranges) -> list[str]:
    """A sentence about each range that this round widens."""
    wide = widened(space, ranges)
    return [
        widened_reason(wide.parameters[name])
        for name, ends in ranges.items()
        if previous.get(name) != ends
    ]


def _size(rounds: Sequence[Round], *, budget: int) -> int:
    """The size of the next round: the rest of the budget is divided evenly into rounds."""
    left = trials_left(rounds, budget=budget)
    if not rounds:
        coarse = max(MIN_COARSE_SIZE, _usual_size(budget))
        return coarse if left >= coarse + MIN_SIZE / 2 else left
    return math.ceil(left / _rounds_in(left, budget=budget))


def _usual_size(budget: int) -> int:
    return min(max(math.ceil(budget / TARGET_ROUNDS), MIN_SIZE), MAX_SIZE)


def _rounds_in(left: int, *, budget: int) -> int:
    """The number of rounds of about the usual size in the rest of the budget."""
    return max(round(left / _usual_size(budget)), 1) if left > 0 else 0
