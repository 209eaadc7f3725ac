"""Observations by how good they are: what counts as a value, and who comes before whom."""

import math
from collections.abc import Iterable
from operator import attrgetter

from caviar.sampler.rounds import Observation


def value_of(one: Observation) -> float:
    """Its value; infinite where there is none that counts."""
    return one.value if one.value is not None and math.isfinite(one.value) else math.inf


def with_value(observations: Iterable[Observation]) -> list[Observation]:
    """Those that gave a finite value."""
    return [one for one in observations if one.value is not None and math.isfinite(one.value)]


def ranked(observations: Iterable[Observation]) -> list[Observation]:
    """Those that gave a finite value, best first.

    Ties go to the lower number, so the order of the observations does not matter.
    """
    by_number = sorted(with_value(observations), key=attrgetter("number"))
    return sorted(by_number, key=attrgetter("value"))
