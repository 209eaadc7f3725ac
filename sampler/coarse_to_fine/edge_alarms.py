"""Edge alarms: ends of ranges that the elites press against; better values may lie beyond."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from caviar.sampler.coarse_to_fine.widening import End, wider
from caviar.sampler.rounds import Observation
from caviar.sampler.space.parameters import Numeric
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.values import Setting

EDGE_ZONE = 0.05  # of the scale, at either end
MAX_CHANCE = 0.001  # that uniform draws would raise an alarm


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """At least half of the elites press against the `end` of a parameter, which is at `value`.

    `wider` is an end further out that may hold better settings; None if the range cannot grow.
    """

    parameter: str
    end: End
    value: Setting
    wider: Setting | None


def edge_alarms(space: SearchSpace, elites: Sequence[Observation]) -> list[Alarm]:
    """The alarms that the elites raise, in the order of the space."""
    alarms = []
    for name, end in pressed_ends(space, elites):
        parameter = space.parameters[name]
        assert isinstance(parameter, Numeric)
        grown = wider(parameter, end)
        further = None if grown == parameter else getattr(grown, end)
        alarms.append(Alarm(parameter=name, end=end, value=getattr(parameter, end), wider=further))
    return alarms


def pressed_ends(space: SearchSpace, elites: Sequence[Observation]) -> list[tuple[str, End]]:
    """The parameters, each with an end, that at least half of the elites press against.

    An elite presses against an end if it lies in the outermost EDGE_ZONE of the scale or has the
    last value of a whole number. A count that uniform draws reach with a probability of MAX_CHANCE
    or more is ignored.
    """
    pressed: list[tuple[str, End]] = []
    for name, parameter in space.parameters.items():
        if not isinstance(parameter, Numeric):
            continue
        units = [parameter.encode(elite.params[name]) for elite in elites if name in elite.params]
        if _is_crowded(units, zone=max(EDGE_ZONE, parameter.share(parameter.low))):
            pressed.append((name, "low"))
        mirrored = [1 - unit for unit in units]
        if _is_crowded(mirrored, zone=max(EDGE_ZONE, parameter.share(parameter.high))):
            pressed.append((name, "high"))
    return pressed


def _is_crowded(units: Sequence[float], *, zone: float) -> bool:
    """Whether at least half of the units lie in [0, zone], and more than by chance."""
    count = len(units)
    inside = sum(unit <= zone for unit in units)
    chance = math.fsum(
        math.comb(count, k) * zone**k * (1 - zone) ** (count - k) for k in range(inside, count + 1)
    )
    return 2 * inside >= count and chance < MAX_CHANCE
