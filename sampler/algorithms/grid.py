"""Grid search, kept to show why not: many trials, and few values of each parameter."""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from caviar.sampler.algorithms.one_round import OneRound
from caviar.sampler.algorithms.random import uniform_setting
from caviar.sampler.rounds import Box, Round
from caviar.sampler.space.parameters import Parameter
from caviar.sampler.space.scales import place_within
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.text import counted, listed
from caviar.sampler.values import Value

MOST_NAMED = 6
COMB = 256, 20_000  # how finely a scale is searched for single values: at least, and at most


@dataclass(frozen=True, kw_only=True)
class GridSampler(OneRound):
    """One round with the finest grid that the budget holds, then one at random with what is left.

    Every parameter gets as many values as fit, evenly over its scale and its ends among them; those
    of the first priority get one more before the others do. Crossings that differ only in what
    takes no part in them are tried once.
    """

    def prepare(self, space: SearchSpace, whole: Round) -> Round:
        """The grid, or the trials that it left over."""
        if whole.number:
            rest = f"{counted(whole.size, 'trial')} drawn at random: the grid is the first round."
            return replace(whole, reason=rest)
        single = {
            name: _places(parameter, whole.box[name], budget=whole.size)
            for name, parameter in space.parameters.items()
            if parameter.discrete
        }
        most = {
            name: len(single.get(name, range(whole.size))) if parameter.varies else 1
            for name, parameter in space.parameters.items()
        }
        levels = grid_levels(space, most, budget=whole.size)
        grid: dict[str, Any] = {"levels": levels, "places": _uneven(space, whole, levels, single)}
        crossings: Sequence[int] = range(math.prod(levels.values()))
        if any(parameter.when for parameter in space.parameters.values()):
            settings = {
                tuple(_crossing(space, whole.box, grid, at).items()): at
                for at in reversed(crossings)
            }
            grid["crossings"] = crossings = sorted(settings.values())
            levels = {
                name: len({value for one in settings for key, value in one if key == name})
                for name in levels
            }
        size = len(crossings)
        return replace(whole, size=size, reason=_reason(levels, size), model=grid)

    def propose(
        self, space: SearchSpace, current: Round, *, seed: int, number: int
    ) -> dict[str, Value]:
        """The trial's crossing of the grid, the last parameter going round first."""
        if current.model:
            at = number - current.first
            crossings = current.model.get("crossings")
            return _crossing(space, current.box, current.model, crossings[at] if crossings else at)
        return uniform_setting(space, current.box, seed=seed, number=number)


def grid_levels(space: SearchSpace, most: Mapping[str, int], *, budget: int) -> dict[str, int]:
    """How many values of each parameter a full grid of at most `budget` trials can try.

    `most` is how many values each has.
    """
    levels = dict.fromkeys(space.parameters, 1)
    while True:
        size = math.prod(levels.values())
        growing = [
            name
            for name, level in levels.items()
            if level < most[name] and size // level * (level + 1) <= budget
        ]
        if not growing:
            return levels
        levels[min(growing, key=lambda name: (levels[name], space.parameters[name].priority))] += 1


def _places(parameter: Parameter, ends: tuple[float, float], *, budget: int) -> list[float]:
    """Where single values lie between the ends, in order."""
    fewest, finest = COMB
    count = min(max(8 * budget, fewest), finest)
    values = dict.fromkeys(
        parameter.decode(place_within(place / count, *ends)) for place in range(count + 1)
    )
    return [parameter.encode(value) for value in values]


def _uneven(
    space: SearchSpace,
    whole: Round,
    levels: Mapping[str, int],
    single: Mapping[str, Sequence[float]],
) -> dict[str, list[float]]:
    """The places of those whose values would repeat if they lay evenly, as on a log scale."""
    uneven: dict[str, list[float]] = {}
    for name, places in single.items():
        decode, count, ends = space.parameters[name].decode, levels[name], whole.box[name]
        evenly = [place_within(_even(at, count), *ends) for at in range(count)]
        if len({decode(unit) for unit in evenly}) < count:
            uneven[name] = _spread(places, count)
    return uneven


def _even(at: int, count: int) -> float:
    """The unit of one of `count` points that lie evenly, the ends among them."""
    return at / (count - 1) if count > 1 else 0.5


def _spread(places: Sequence[float], count: int) -> list[float]:
    """`count` of the places, each once, as evenly over the scale as can be."""
    first, last = places[0], places[-1]
    chosen: list[int] = []
    for turn in range(count):
        lowest, highest = chosen[-1] + 1 if chosen else 0, len(places) - count + turn
        nearest = _nearest(places, first + _even(turn, count) * (last - first))
        chosen.append(min(max(nearest, lowest), highest))
    return [places[at] for at in chosen]


def _nearest(places: Sequence[float], wanted: float) -> int:
    """Which of the places, in order, lies nearest."""
    after = min(bisect_left(places, wanted), len(places) - 1)
    before = max(after - 1, 0)
    return before if wanted - places[before] <= places[after] - wanted else after


def _crossing(
    space: SearchSpace, box: Box, grid: Mapping[str, Any], crossing: int
) -> dict[str, Value]:
    """The setting at a place of the grid."""
    levels, uneven = grid["levels"], grid.get("places", {})
    point: dict[str, float] = {}
    for name in reversed(list(space.parameters)):
        crossing, at = divmod(crossing, levels[name])
        even = place_within(_even(at, levels[name]), *box[name])
        point[name] = uneven[name][at] if name in uneven else even
    return space.decode(point)


def _reason(levels: Mapping[str, int], size: int) -> str:
    values = [f"{level} of {name}" for name, level in levels.items()]
    few = values[:MOST_NAMED] + [f"so on for {len(values) - MOST_NAMED} more"] * (
        len(values) > MOST_NAMED
    )
    return (
        f"A grid of {counted(size, 'trial')} tries {counted(max(levels.values()), 'value')} of a "
        f"parameter at most: {listed(few)}. At random, {counted(size, 'trial')} would try "
        f"{counted(size, 'value')} of each that has so many."
    )
