"""Grid search, for comparison: many trials try few values of each parameter."""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from caviar.sampler.algorithms.one_round import OneRound
from caviar.sampler.algorithms.random import uniform_setting
from caviar.sampler.rounds import ProposalData, Round
from caviar.sampler.space.parameters import Parameter
from caviar.sampler.space.scales import place_within
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.text import counted, listed
from caviar.sampler.values import Box, Setting, identity, params_identity

MAX_NAMED = 6  # parameters in a reason
MIN_PROBES, MAX_PROBES = 256, 20_000  # points of a scale that are decoded to find its values


@dataclass(frozen=True, kw_only=True)
class GridSampler(OneRound):
    """One round with the finest grid within the budget, then a random round with the rest.

    The values of a parameter are spaced evenly on its scale and include both ends. Parameters of
    the first priority are the first to get one more value. Crossings that differ only in inactive
    parameters are tried once.
    """

    def prepare(self, space: SearchSpace, whole: Round) -> Round:
        """The grid, or the random round after it."""
        if whole.number:
            trials = counted(whole.size, "trial")
            return replace(whole, reason=f"{trials} drawn at random: the grid is the first round.")
        discrete = {
            name: _discrete_places(parameter, whole.box[name], budget=whole.size)
            for name, parameter in space.parameters.items()
            if parameter.discrete
        }
        max_levels = {
            name: len(discrete.get(name, range(whole.size))) if parameter.varies else 1
            for name, parameter in space.parameters.items()
        }
        levels = grid_levels(space, max_levels, budget=whole.size)
        grid: ProposalData = {
            "levels": levels,
            "places": _uneven_places(space, whole, levels, discrete),
        }
        crossings: Sequence[int] = range(math.prod(levels.values()))
        if any(parameter.when for parameter in space.parameters.values()):
            settings = {
                params_identity(_crossing(space, whole.box, grid, at)): at
                for at in reversed(crossings)
            }
            grid["crossings"] = crossings = sorted(settings.values())
            tried = [_crossing(space, whole.box, grid, at) for at in crossings]
            levels = {
                name: len({identity(params[name]) for params in tried if name in params})
                for name in levels
            }
        size = len(crossings)
        return replace(whole, size=size, reason=_reason(levels, size), proposal_data=grid)

    def order(self, places: Sequence[int], *, seed: int) -> list[int]:
        """That of the grid: the last parameter varies fastest."""
        return list(places)

    def draw(
        self, space: SearchSpace, current: Round, *, seed: int, number: int
    ) -> dict[str, Setting]:
        """The crossing of the trial, the last parameter varying fastest; or a random draw."""
        grid = current.proposal_data
        if grid:
            at = number - current.first
            crossings = grid.get("crossings")
            return _crossing(space, current.box, grid, crossings[at] if crossings else at)
        return uniform_setting(space, current.box, seed=seed, number=number)


def grid_levels(
    space: SearchSpace, max_levels: Mapping[str, int], *, budget: int
) -> dict[str, int]:
    """The number of values of each parameter in the finest full grid of at most `budget` trials.

    `max_levels` is the number of distinct values of each parameter.
    """
    levels = dict.fromkeys(space.parameters, 1)
    while True:
        size = math.prod(levels.values())
        growing = [
            name
            for name, level in levels.items()
            if level < max_levels[name] and size // level * (level + 1) <= budget
        ]
        if not growing:
            return levels
        levels[min(growing, key=lambda name: (levels[name], space.parameters[name].priority))] += 1


def _discrete_places(
    parameter: Parameter, ends: tuple[float, float], *, budget: int
) -> list[float]:
    """The positions of the discrete values between the ends, in order."""
    count = min(max(8 * budget, MIN_PROBES), MAX_PROBES)
    drawn = [parameter.decode(place_within(place / count, *ends)) for place in range(count + 1)]
    values = {identity(value): value for value in reversed(drawn)}
    return [parameter.encode(values[key]) for key in dict.fromkeys(map(identity, drawn))]


def _uneven_places(
    space: SearchSpace,
    whole: Round,
    levels: Mapping[str, int],
    discrete: Mapping[str, Sequence[float]],
) -> dict[str, list[float]]:
    """The places of parameters whose evenly spaced values would repeat, as on a log scale."""
    uneven: dict[str, list[float]] = {}
    for name, places in discrete.items():
        decode, count, ends = space.parameters[name].decode, levels[name], whole.box[name]
        evenly_spaced = [place_within(_even_unit(at, count), *ends) for at in range(count)]
        if len({identity(decode(unit)) for unit in evenly_spaced}) < count:
            uneven[name] = _evenly_chosen(places, count)
    return uneven


def _even_unit(at: int, count: int) -> float:
    """Point `at` of `count` evenly spaced points of the unit interval, including both ends."""
    return at / (count - 1) if count > 1 else 0.5


def _evenly_chosen(places: Sequence[float], count: int) -> list[float]:
    """`count` distinct places, spaced as evenly over the scale as possible."""
    first, last = places[0], places[-1]
    chosen: list[int] = []
    for step in range(count):
        lowest, highest = chosen[-1] + 1 if chosen else 0, len(places) - count + step
        nearest = _nearest(places, first + _even_unit(step, count) * (last - first))
        chosen.append(min(max(nearest, lowest), highest))
    return [places[at] for at in chosen]


def _nearest(places: Sequence[float], target: float) -> int:
    """The index of the nearest of the sorted places."""
    after = min(bisect_left(places, target), len(places) - 1)
    before = max(after - 1, 0)
    return before if target - places[before] <= places[after] - target else after


def _crossing(
    space: SearchSpace, box: Box, grid: ProposalData, crossing: int
) -> dict[str, Setting]:
    """The setting at a crossing of the grid."""
    levels, uneven = grid["levels"], grid.get("places", {})
    point: dict[str, float] = {}
    for name in reversed(list(space.parameters)):
        crossing, at = divmod(crossing, levels[name])
        even = place_within(_even_unit(at, levels[name]), *box[name])
        point[name] = uneven[name][at] if name in uneven else even
    return space.decode(point)


def _reason(levels: Mapping[str, int], size: int) -> str:
    values = [f"{level} of {name}" for name, level in levels.items()]
    if len(values) > MAX_NAMED:
        values = [*values[:MAX_NAMED], f"so on for {len(values) - MAX_NAMED} more"]
    trials = counted(size, "trial")
    return (
        f"A grid of {trials} tries at most {counted(max(levels.values()), 'value')} of a "
        f"parameter: {listed(values)}. A random search tries up to {counted(size, 'value')} of "
        f"each parameter in {trials}."
    )
