"""Grid search, kept to show why not: many trials, and few values of each parameter."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sampler import draws
from sampler.one_round import OneRound
from sampler.parameters import Parameter
from sampler.rounds import Round
from sampler.scales import LINEAR
from sampler.space import SearchSpace
from sampler.values import Value
from sampler.wording import counted, listed

MOST_NAMED = 6


@dataclass(frozen=True, kw_only=True)
class GridSampler(OneRound):
    """One round with the finest grid that the budget holds, then one at random with what is left.

    Every parameter gets as many values as fit, evenly over its scale and its ends among them; those
    of the first priority get one more before the others do.
    """

    def laid_out(self, space: SearchSpace, whole: Round) -> Round:
        """The grid, or the trials that it left over."""
        if whole.number:
            left = f"{counted(whole.size, 'trial')} that the grid leaves over, drawn at random."
            return replace(whole, reason=left)
        levels = grid_levels(space, whole.size)
        size = math.prod(levels.values())
        return replace(whole, size=size, reason=_reason(levels, size), model={"levels": levels})

    def propose(
        self, space: SearchSpace, current: Round, *, seed: int, number: int
    ) -> dict[str, Value]:
        """The trial's crossing of the grid, the last parameter going round first."""
        units: dict[str, float] = {}
        levels, rest = current.model.get("levels", {}), number - current.first
        for name in reversed(list(space.parameters)):
            if levels:
                rest, place = divmod(rest, levels[name])
                unit = place / (levels[name] - 1) if levels[name] > 1 else 0.5
            else:
                unit = draws.unit(seed=seed, number=number, name=name)
            units[name] = LINEAR.from_unit(unit, *current.box[name])
        return space.decode(units)


def grid_levels(space: SearchSpace, budget: int) -> dict[str, int]:
    """How many values of each parameter a full grid of at most `budget` trials can try."""
    levels = dict.fromkeys(space.parameters, 1)
    most = {name: _most(parameter, budget) for name, parameter in space.parameters.items()}
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


def _most(parameter: Parameter, budget: int) -> int:
    """How many values there are to try, if not more than the budget."""
    if not parameter.discrete:
        return budget
    units = [place / budget for place in range(budget + 1)]
    return min(len({parameter.decode(unit) for unit in units}), budget)


def _reason(levels: Mapping[str, int], size: int) -> str:
    values = [f"{level} of {name}" for name, level in levels.items()]
    few = values[:MOST_NAMED] + [f"so on for {len(values) - MOST_NAMED} more"] * (
        len(values) > MOST_NAMED
    )
    return (
        f"A grid of {counted(size, 'trial')} tries {counted(max(levels.values()), 'value')} of a "
        f"parameter at most: {listed(few)}. At random, {counted(size, 'trial')} would try "
        f"{counted(size, 'value')} of each."
    )
