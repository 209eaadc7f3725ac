"""Grid search, kept to show why not: many trials, and few values of each parameter."""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sampler import draws
from sampler.one_round import OneRound
from sampler.parameters import Parameter
from sampler.rounds import Round
from sampler.scales import LINEAR
from sampler.space import SearchSpace
from sampler.values import Params, Value
from sampler.wording import counted, listed

MOST_NAMED = 6
COMB = 256, 20_000  # how finely a scale is searched for single values: at least, and at most


@dataclass(frozen=True, kw_only=True)
class GridSampler(OneRound):
    """One round with the finest grid that the budget holds, then one at random with what is left.

    Every parameter gets as many values as fit, evenly over its scale and its ends among them; those
    of the first priority get one more before the others do. Crossings that differ only in what
    takes no part in them are tried once.
    """

    def laid_out(self, space: SearchSpace, whole: Round) -> Round:
        """The grid, or the trials that it left over."""
        if whole.number:
            left = f"{counted(whole.size, 'trial')} that the grid leaves over, drawn at random."
            return replace(whole, reason=left)
        box, parameters = whole.box, space.parameters.values()
        places = {p.name: _places(p, box[p.name], budget=whole.size) for p in parameters}
        most = {name: len(found) if found else whole.size for name, found in places.items()}
        levels = grid_levels(space, whole.size, most=most)
        units = {name: _spread(places[name], levels[name], box[name]) for name in levels}
        kept = _distinct(space, units)
        settings = [_crossing(space, units, place) for place in kept]
        return replace(
            whole,
            size=len(kept),
            reason=_reason(settings, space),
            model={"units": units, "crossings": kept},
        )

    def propose(
        self, space: SearchSpace, current: Round, *, seed: int, number: int
    ) -> dict[str, Value]:
        """The trial's crossing of the grid, the last parameter going round first."""
        crossings, place = current.model.get("crossings", []), number - current.first
        if place < len(crossings):
            return _crossing(space, current.model["units"], crossings[place])
        units = {
            name: LINEAR.from_unit(draws.unit(seed=seed, number=number, name=name), *ends)
            for name, ends in current.box.items()
        }
        return space.decode(units)


def grid_levels(
    space: SearchSpace, budget: int, *, most: Mapping[str, int] | None = None
) -> dict[str, int]:
    """How many values of each parameter a full grid of at most `budget` trials can try.

    `most` is how many values each has.
    """
    levels = dict.fromkeys(space.parameters, 1)
    while True:
        size = math.prod(levels.values())
        growing = [
            name
            for name, level in levels.items()
            if level < (most[name] if most else budget) and size // level * (level + 1) <= budget
        ]
        if not growing:
            return levels
        levels[min(growing, key=lambda name: (levels[name], space.parameters[name].priority))] += 1


def _places(parameter: Parameter, ends: tuple[float, float], *, budget: int) -> list[float]:
    """Where the single values lie between the ends, in order; none in a continuum."""
    if not parameter.discrete:
        return []
    fewest, finest = COMB
    count = min(max(8 * budget, fewest), finest)
    values = dict.fromkeys(
        parameter.decode(LINEAR.from_unit(place / count, *ends)) for place in range(count + 1)
    )
    return [parameter.encode(value) for value in values]


def _spread(places: Sequence[float], count: int, ends: tuple[float, float]) -> list[float]:
    """`count` of the places, or points of a continuum, as evenly over the scale as can be."""
    evenly = [place / (count - 1) for place in range(count)] if count > 1 else [0.5]
    if not places:
        return [LINEAR.from_unit(unit, *ends) for unit in evenly]
    first, last = places[0], places[-1]
    chosen: list[int] = []
    for turn, unit in enumerate(evenly):
        lowest, highest = chosen[-1] + 1 if chosen else 0, len(places) - count + turn
        nearest = _nearest(places, first + unit * (last - first))
        chosen.append(min(max(nearest, lowest), highest))
    return [places[at] for at in chosen]


def _nearest(places: Sequence[float], wanted: float) -> int:
    """Which of the places, in order, lies nearest."""
    after = min(bisect_left(places, wanted), len(places) - 1)
    before = max(after - 1, 0)
    return before if wanted - places[before] <= places[after] - wanted else after


def _distinct(space: SearchSpace, units: Mapping[str, Sequence[float]]) -> list[int]:
    """The first crossing of the grid for each setting that there is."""
    size = math.prod(len(column) for column in units.values())
    if not any(parameter.when for parameter in space.parameters.values()):
        return list(range(size))
    found: dict[tuple[tuple[str, Value], ...], int] = {}
    for place in range(size):
        found.setdefault(tuple(_crossing(space, units, place).items()), place)
    return list(found.values())


def _crossing(
    space: SearchSpace, units: Mapping[str, Sequence[float]], place: int
) -> dict[str, Value]:
    """The setting at a place of the grid."""
    point: dict[str, float] = {}
    for name in reversed(list(space.parameters)):
        place, at = divmod(place, len(units[name]))
        point[name] = units[name][at]
    return space.decode(point)


def _reason(settings: Sequence[Params], space: SearchSpace) -> str:
    tried = {
        name: len({setting[name] for setting in settings if name in setting})
        for name in space.parameters
    }
    values = [f"{count} of {name}" for name, count in tried.items()]
    few = values[:MOST_NAMED] + [f"so on for {len(values) - MOST_NAMED} more"] * (
        len(values) > MOST_NAMED
    )
    size = len(settings)
    return (
        f"A grid of {counted(size, 'trial')} tries {counted(max(tried.values()), 'value')} of a "
        f"parameter at most: {listed(few)}. At random, {counted(size, 'trial')} would try "
        f"{counted(size, 'value')} of each."
    )
