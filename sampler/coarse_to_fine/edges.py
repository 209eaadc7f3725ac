"""The edge alarm: ends of a range that the elites press against; better values may lie beyond."""

import math
from collections.abc import Sequence
from typing import Literal

from caviar.sampler.rounds import Observation
from caviar.sampler.space.parameters import Numeric
from caviar.sampler.space.space import SearchSpace

End = Literal["low", "high"]

ZONE = 0.05
CHANCE = 0.001


def pressed_ends(space: SearchSpace, elites: Sequence[Observation]) -> list[tuple[str, End]]:
    """The parameters, and which end of each, that at least half of the elites press against.

    An elite presses when it lies in the outermost twentieth of the scale, or has the last value of
    a whole number. Elites that would do so by luck as often as once in a thousand raise no alarm.
    """
    pressed: list[tuple[str, End]] = []
    for name, parameter in space.parameters.items():
        if not isinstance(parameter, Numeric):
            continue
        places = [parameter.encode(seen.params[name]) for seen in elites if name in seen.params]
        if _crowded(places, zone=max(ZONE, parameter.share(parameter.low))):
            pressed.append((name, "low"))
        mirrored = [1 - place for place in places]
        if _crowded(mirrored, zone=max(ZONE, parameter.share(parameter.high))):
            pressed.append((name, "high"))
    return pressed


def _crowded(places: Sequence[float], *, zone: float) -> bool:
    """Whether at least half of the places lie in [0, zone], and too many to be luck."""
    count = len(places)
    inside = sum(place <= zone for place in places)
    by_luck = math.fsum(
        math.comb(count, k) * zone**k * (1 - zone) ** (count - k) for k in range(inside, count + 1)
    )
    return 2 * inside >= count and by_luck < CHANCE
