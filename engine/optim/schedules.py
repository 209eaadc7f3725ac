"""Learning-rate decay: each schedule is a pure function of the epoch.

`epoch` counts the epochs already finished, so the first epoch trains with epoch = 0. Every function
returns the factor on the learning rate.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

Factor = Callable[[int, float, int], float]


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A decay: `factor(epoch, rate, every)`, and what `decay_rate` and `decay_every` may be."""

    factor: Factor
    default_rate: float = 1.0
    highest_rate: float = math.inf
    default_every: int | None = 1
    """None: there is no sensible default, so `decay_every` must be given."""


def none(epoch: int, rate: float, every: int) -> float:
    """1: the learning rate stays."""
    return 1.0


def inverse_time(epoch: int, rate: float, every: int) -> float:
    """1 / (1 + rate epoch)."""
    return 1.0 / (1.0 + rate * epoch)


def exponential(epoch: int, rate: float, every: int) -> float:
    """The rate to the power of epoch, for a rate of at most 1."""
    return rate**epoch


def inverse_sqrt(epoch: int, rate: float, every: int) -> float:
    """The rate over sqrt(epoch + 1)."""
    return rate / math.sqrt(epoch + 1)


def staircase(epoch: int, rate: float, every: int) -> float:
    """rate^floor(epoch / every), for a rate of at most 1."""
    return float(rate ** (epoch // every))


def cosine(epoch: int, rate: float, every: int) -> float:
    """Half a cosine wave from 1 down to `rate` over `every` epochs; `rate` from there on."""
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
