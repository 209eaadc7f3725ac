"""The order of observations by value."""

import math
from collections.abc import Iterable
from operator import attrgetter

from caviar.sampler.rounds import Observation


def value_of(trial: Observation) -> float:
    """The value of a trial; infinite without a finite value."""
    return trial.value if trial.value is not None and math.isfinite(trial.value) else math.inf


def with_value(observations: Iterable[Observation]) -> list[Observation]:
    """The observations that have a finite value."""
    return [
        trial for trial in observations if trial.value is not None and math.isfinite(trial.value)
    ]


def ranked(observations: Iterable[Observation]) -> list[Observation]:
    """The observations that have a finite value, best first.

    Ties go to the lower number, so the order of the observations does not matter.
    """
    by_number = sorted(with_value(observations), key=attrgetter("number"))
    return sorted(by_number, key=attrgetter("value"))
