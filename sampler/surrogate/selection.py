"""Acquisition: which settings of a pool the trials of a round try, by what the model believes."""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from caviar.sampler import draws
from caviar.sampler.surrogate.expected_improvement import log_expected_improvement
from caviar.sampler.surrogate.gaussian_process import Floats, GaussianProcess, Rows
from caviar.sampler.surrogate.hyperposterior import draw_processes
from caviar.sampler.surrogate.lazy_greedy import LazyGreedy
from caviar.sampler.surrogate.posterior import Posterior

MAX_OWN_PROCESSES = 32  # trials of a round that have a plausible process each
BOLD, CAREFUL = 1.9, 1.45  # what deviations count in quiet and in noisy searches
QUIET, NOISY = 0.002, 0.02  # variance of the noise, as a part of that of the values
MORE = 1.17  # the deviations of a fitted process count so much more: it takes its lengths for sure
AHEAD = 32  # trials to come: a shortlist expects the rows of the second looks among them
_LOOK, _LENGTHS = "/thompson", "/lengths"  # addresses of a trial's normal draws: no parameter names


def select_rows(
    model: GaussianProcess,
    points: Floats,
    *,
    seed: int,
    numbers: Sequence[int],
    allowed: Mapping[int, Rows] = MappingProxyType({}),
    looks: Sequence[int] = (),
) -> list[int]:
    """The row of `points` that each trial tries; none twice, so there must be as many.

    It is where most improvement is to be expected (J. Mockus, "On Bayesian methods for seeking the
    extremum", 1974) over the best that the model expects of what was tried; in a round of no more
    than EACH_ITS_OWN, by a plausible process of the trial's own. Each pick is believed to give what
    is expected of it before the next is made, so that a batch spreads: the "kriging believer" of
    D. Ginsbourger, R. Le Riche and L. Carraro, 2010. `looks` are trials that follow one function
    drawn from the posterior instead, as second looks do, which are to find out (W. R. Thompson, "On
    the likelihood that one unknown probability exceeds another", 1933). `allowed` has the rows of
    the trials that may not have them all; one of which none is left is a trial like any other.
    """
    posterior = Posterior(model, points, room=len(numbers))
    everything = np.arange(len(points))
    own = {look: allowed.get(look, everything) for look in looks}
    most = max(map(len, own.values()), default=0)
    noises = dict(
        zip(looks, normal_draws(_LOOK, seed=seed, numbers=looks, count=most), strict=True)
    )
    processes = _own_processes(model, seed=seed, numbers=[n for n in numbers if n not in looks])
    kappa = kappa_for(model.noise)
    believer = LazyGreedy(posterior, best=model.best, kappa=MORE * kappa)
    free = np.ones(len(points), dtype=np.bool_)
    picked: list[int] = []
    for place, number in enumerate(numbers):
        mine = allowed.get(number, everything)
        left = mine[free[mine]]
        rows = left if len(left) else everything[free]
        if number in looks and len(left):
            factor = np.linalg.cholesky(posterior.covariance(rows))
            drawn = posterior.mean[rows] + factor @ noises[number][: len(rows)]
            row = int(rows[np.argmin(drawn)])
        elif number in processes:
            process = processes[number]
            alone = Posterior(process, points, room=len(picked))
            alone.condition_on_mean(picked)
            mean, variance = alone.mean[rows], alone.variance[rows]
            promised = log_expected_improvement(mean, variance, best=process.best, kappa=kappa)
            row = int(rows[np.argmax(promised)])
        else:
            ahead = own.keys() & numbers[place : place + AHEAD]
            expected = [row for look in ahead for row in own[look].tolist()]
            row = believer.best_row(rows, expected=expected)
        believer.condition_on_mean(row)
        free[row] = False
        picked.append(row)
    return picked


def kappa_for(noise: float) -> float:
    """How many of its deviations a promise is reckoned with, by the variance of the noise.

    A process takes the trend to be as smooth everywhere, so it is surer than it should be. Where
    values are quiet, a trial that was too bold costs only itself; where they are noisy, the more
    of the trials are far from the best, the likelier is one of them taken for it by luck.
    """
    quiet = math.log(NOISY / noise) / math.log(NOISY / QUIET)
    return CAREFUL + (BOLD - CAREFUL) * min(max(quiet, 0.0), 1.0)


def _own_processes(
    model: GaussianProcess, *, seed: int, numbers: Sequence[int]
) -> dict[int, GaussianProcess]:
    """A plausible process for each trial, unless they are too many."""
    if not numbers or len(numbers) > MAX_OWN_PROCESSES:
        return {}
    drawn = normal_draws(_LENGTHS, seed=seed, numbers=numbers, count=len(model.theta))
    return dict(zip(numbers, draw_processes(model, drawn), strict=True))


def normal_draws(address: str, *, seed: int, numbers: Sequence[int], count: int) -> Floats:
    """(numbers, count) standard normal draws, by Box and Muller's formula, 1958.

    The first of a number are the same for any count.
    """
    units = draws.units(
        seed=seed,
        numbers=np.array(numbers, dtype=np.int64)[:, None],
        names=[address],
        indices=np.arange(count + count % 2),
    )[:, :, 0]
    radius = np.sqrt(-2.0 * np.log1p(-units[:, ::2] * (1.0 - 2.0**-53)))
    angle = 2.0 * np.pi * units[:, 1::2]
    pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=2)
    return pairs.reshape(len(units), count + count % 2)[:, :count]
