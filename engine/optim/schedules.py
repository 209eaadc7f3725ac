"""Learning-rate decay: each schedule is a pure function of the epoch.

`epoch` counts the epochs already finished, so the first epoch trains with epoch = 0. `rate` and
`every` are the hyperparameters `decay_rate` and `decay_every`, the latter in epochs. Every function
returns the factor of the learning rate.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Factor: TypeAlias = Callable[[int, float, int], float]
"""(epoch, rate, every) -> the factor of the learning rate."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A decay: `factor(epoch, rate, every)`, and the defaults and bounds of rate and every."""

    factor: Factor
    default_rate: float = 1.0
    highest_rate: float = math.inf
    default_every: int | None = 1
    """None if there is no sensible default and `decay_every` is required."""


def none(epoch: int, rate: float, every: int) -> float:
    """1: the learning rate is constant."""
    return 1.0


def inverse_time(epoch: int, rate: float, every: int) -> float:
    """1 / (1 + rate epoch)."""
    return 1.0 / (1.0 + rate * epoch)


def exponential(epoch: int, rate: float, every: int) -> float:
    """rate^epoch, for a rate of at most 1."""
    return rate**epoch


def inverse_sqrt(epoch: int, rate: float, every: int) -> float:
    """The rate divided by sqrt(epoch + 1)."""
    return rate / math.sqrt(epoch + 1)


def staircase(epoch: int, rate: float, every: int) -> float:
    """rate^floor(epoch / every), for a rate of at most 1."""
    return float(rate ** (epoch // every))


def cosine(epoch: int, rate: float, every: int) -> float:
    """Half a cosine wave from 1 to `rate` over `every` epochs, then constant (after Loshchilov
    and Hutter, 2017).

    rate + (1 - rate) (1 + cos(pi min(epoch / every, 1))) / 2.
    """
    progress = min(epoch / every, 1.0)
    return rate + (1.0 - rate) * 0.5 * (1.0 + math.cos(math.pi * progress))


SCHEDULES: dict[str, Schedule] = {
    "none": Schedule(factor=none),
    "inverse_time": Schedule(factor=inverse_time),
    "exponential": Schedule(factor=exponential, default_rate=0.95, highest_rate=1.0),
    "inverse_sqrt": Schedule(factor=inverse_sqrt),
    "staircase": Schedule(factor=staircase, default_rate=0.5, highest_rate=1.0, default_every=10),
    "cosine": Schedule(factor=cosine, default_rate=0.01, highest_rate=1.0, default_every=None),
}
"""The schedules by name."""
