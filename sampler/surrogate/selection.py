"""Selection: which candidate each trial of a round tries, by the surrogate."""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from caviar.sampler import draws
from caviar.sampler.surrogate.expected_improvement import log_expected_improvement
from caviar.sampler.surrogate.gaussian_process import GaussianProcess
from caviar.sampler.surrogate.hyperposterior import draw_processes
from caviar.sampler.surrogate.lazy_greedy import LazyGreedy
from caviar.sampler.surrogate.posterior import Posterior
from caviar.sampler.values import Floats, Rows

MAX_OWN_PROCESSES = 32  # trials of a round that have a process of their own each
LOW_NOISE, HIGH_NOISE = 0.002, 0.02  # variances, as parts of the variance of the values
LOW_NOISE_KAPPA, HIGH_NOISE_KAPPA = 1.9, 1.45  # scale of standard deviations at these noises
FITTED_KAPPA_FACTOR = 1.17  # the fitted process takes its lengthscales as exact
LOOKAHEAD = 32  # trials whose exploration rows are expected among the conditions
_THOMPSON_KEY, _PROCESS_KEY = "/thompson", "/lengths"  # of normal draws; not parameter names


def select_rows(
    surrogate: GaussianProcess,
    points: Floats,
    *,
    seed: int,
    numbers: Sequence[int],
    allowed: Mapping[int, Rows] = MappingProxyType({}),
    exploring: Sequence[int] = (),
) -> list[int]:
    """A distinct row of `points` for each trial; there must be at least as many rows as trials.

    A trial gets the row with the highest expected improvement over the best posterior mean of the
    tried settings. In a round of at most MAX_OWN_PROCESSES trials, each has a process of its own,
    drawn from the posterior of the hyperparameters. After each selection the processes are
    conditioned on its mean, so that the batch spreads: the "kriging believer" of D. Ginsbourger,
    R. Le Riche and L. Carraro, 2010. Trials `exploring` minimize a function drawn from the
    posterior instead (W. R. Thompson, "On the likelihood that one unknown probability exceeds
    another", 1933). `allowed` has the rows of trials that may not have all of them; if none of
    these is left, the trial is treated like any other.
    """
    posterior = Posterior(surrogate, points, capacity=len(numbers))
    all_rows = np.arange(len(points))
    exploring_rows = {number: allowed.get(number, all_rows) for number in exploring}
    count = max(map(len, exploring_rows.values()), default=0)
    normals = normal_draws(_THOMPSON_KEY, seed=seed, numbers=exploring, count=count)
    thompson = dict(zip(exploring, normals, strict=True))
    processes = _own_processes(
        surrogate, seed=seed, numbers=[number for number in numbers if number not in exploring]
    )
    kappa = kappa_at(surrogate.noise)
    greedy = LazyGreedy(posterior, best=surrogate.best, kappa=FITTED_KAPPA_FACTOR * kappa)
    free = np.ones(len(points), dtype=np.bool_)
    selected: list[int] = []
    for place, number in enumerate(numbers):
        permitted = allowed.get(number, all_rows)
        left = permitted[free[permitted]]
        rows = left if len(left) else all_rows[free]
        if number in exploring and len(left):
            row = _thompson_row(posterior, rows, thompson[number])
        elif number in processes:
            row = _own_row(processes[number], points, rows, selected, kappa=kappa)
        else:
            ahead = exploring_rows.keys() & numbers[place : place + LOOKAHEAD]
            expected = [row for other in ahead for row in exploring_rows[other].tolist()]
            row = greedy.best_row(rows, expected=expected)
        greedy.condition_on_mean(row)
        free[row] = False
        selected.append(row)
    return selected


def _thompson_row(posterior: Posterior, rows: Rows, normals: Floats) -> int:
    """The row at which a function drawn from the posterior is lowest."""
    factor = np.linalg.cholesky(posterior.covariance(rows))
    drawn = posterior.mean[rows] + factor @ normals[: len(rows)]
    return int(rows[np.argmin(drawn)])


def _own_row(
    process: GaussianProcess, points: Floats, rows: Rows, selected: Sequence[int], *, kappa: float
) -> int:
    """The row with the highest expected improvement by a process, given the selected rows."""
    posterior = Posterior(process, points, capacity=len(selected))
    posterior.condition_on_mean(selected)
    mean, variance = posterior.mean[rows], posterior.variance[rows]
    improvements = log_expected_improvement(mean, variance, best=process.best, kappa=kappa)
    return int(rows[np.argmax(improvements)])


def kappa_at(noise: float) -> float:
    """The scale of standard deviations in the expected improvement, by the variance of the noise.

    A process assumes that the trend is equally smooth everywhere, so its variance is too small.
    With little noise a bad trial costs only itself, and exploration is cheap. With noisy values,
    the more trials are far from the best, the likelier one of them is mistaken for the best.
    """
    quietness = math.log(HIGH_NOISE / noise) / math.log(HIGH_NOISE / LOW_NOISE)
    return HIGH_NOISE_KAPPA + (LOW_NOISE_KAPPA - HIGH_NOISE_KAPPA) * min(max(quietness, 0.0), 1.0)


def _own_processes(
    surrogate: GaussianProcess, *, seed: int, numbers: Sequence[int]
) -> dict[int, GaussianProcess]:
    """A process for each trial, drawn from the hyperposterior; none for too many trials."""
    if not numbers or len(numbers) > MAX_OWN_PROCESSES:
        return {}
    drawn = normal_draws(_PROCESS_KEY, seed=seed, numbers=numbers, count=len(surrogate.theta))
    return dict(zip(numbers, draw_processes(surrogate, drawn), strict=True))


def normal_draws(key: str, *, seed: int, numbers: Sequence[int], count: int) -> Floats:
    """(numbers, count) standard normal draws, by the formula of Box and Muller, 1958.

    The first draws of a number are the same for any count.
    """
    units = draws.units(
        seed=seed,
        numbers=np.array(numbers, dtype=np.int64)[:, None],
        names=[key],
        indices=np.arange(count + count % 2),
    )[:, :, 0]
    radius = np.sqrt(-2.0 * np.log1p(-units[:, ::2] * (1.0 - 2.0**-53)))
    angle = 2.0 * np.pi * units[:, 1::2]
    pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=2)
    return pairs.reshape(len(units), count + count % 2)[:, :count]
