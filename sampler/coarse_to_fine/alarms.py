"""The edge alarm as data: which ends of its ranges a round's elites press against."""

from collections.abc import Sequence
from dataclasses import dataclass

from caviar.sampler.coarse_to_fine.edges import End, pressed_ends
from caviar.sampler.coarse_to_fine.widening import wider
from caviar.sampler.rounds import Observation
from caviar.sampler.space.parameters import Numeric
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.values import Value


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Most elites press against the `end` of a parameter, which is at `value`.

    `wider` is an end further out that may hold better settings, None where there is none.
    """

    parameter: str
    end: End
    value: Value
    wider: Value | None


def edge_alarms(space: SearchSpace, elites: Sequence[Observation]) -> list[Alarm]:
    """The alarms that the elites raise in a space, in its order."""
    found = []
    for name, end in pressed_ends(space, elites):
        parameter = space.parameters[name]
        assert isinstance(parameter, Numeric)
        grown = wider(parameter, end)
        value, further = getattr(parameter, end), getattr(grown, end)
        found.append(
            Alarm(
                parameter=name, end=end, value=value, wider=None if grown == parameter else further
            )
        )
    return found
