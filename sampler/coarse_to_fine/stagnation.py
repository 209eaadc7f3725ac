"""Stagnation: detects that the last trials near the best one no longer improve it.

Further trials in that basin gain almost nothing, while another basin may be deeper. No value tells
which, so from then on every other trial explores outside the basin. The others continue as before,
to refine the last digits.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from caviar.sampler.ranking import with_value
from caviar.sampler.rounds import Observation
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.surrogate.features import features
from caviar.sampler.surrogate.gaussian_process import GaussianProcess
from caviar.sampler.values import Params

FIRST_TRIALS = 16  # trials with a value that define where the search started
LAST_TRIALS, LAST_ROUNDS = 24, 3  # recent trials, or those of so many rounds if that is more
START_QUANTILE = 0.25  # of the values of the first trials: where the search started
MAX_GAIN, MAX_GAP = 0.005, 0.05  # of the progress from the start to the best trial
GAP_QUANTILE = 0.25  # of the last trials that must lie within the gap
BASIN_RADIUS = 1.2  # in lengthscales, around the best trial


def stagnant_best(
    ended: Sequence[Observation], *, exploring: Collection[int], size: int
) -> Observation | None:
    """The best trial if the search stagnates around it, else None. `ended` is in order.

    A search stagnates if its last trials gained at most MAX_GAIN although GAP_QUANTILE of them
    came within MAX_GAP of the best. If trials are still far from each other, or noisy, more can be
    found. Trials `exploring` count for the gain, but not for the gap; trials of other studies, with
    negative numbers, count for neither. `size` is the number of trials of the next round.
    """
    valued = [trial for trial in with_value(ended) if trial.number >= 0]
    exploiting = [place for place, trial in enumerate(valued) if trial.number not in exploring]
    last = exploiting[-max(LAST_TRIALS, LAST_ROUNDS * size) :]
    if len(last) < LAST_TRIALS or last[0] < FIRST_TRIALS:
        return None
    values = np.array([trial.value for trial in valued], dtype=np.float64)
    with np.errstate(over="ignore"):
        distances = values - values.min()
    progress = float(np.quantile(distances[:FIRST_TRIALS], START_QUANTILE, method="lower"))
    if not math.isfinite(progress):
        return None
    gain = distances[: last[0]].min()
    gap = np.quantile(distances[last], GAP_QUANTILE, method="lower")
    stagnates = gain <= MAX_GAIN * progress and gap <= MAX_GAP * progress
    return valued[int(distances.argmin())] if stagnates else None


@dataclass(frozen=True, kw_only=True, eq=False)
class OutsideBasin:
    """An exploration target: settings outside the basin of the incumbent.

    With `restart`, it is a coarse draw from the whole space.
    """

    space: SearchSpace
    surrogate: GaussianProcess
    incumbent: Observation
    restart: bool = False

    def matches_each(self, settings: Sequence[Params]) -> list[bool]:
        """Which of the settings lie outside the basin; with `restart`, all of them."""
        if self.restart:
            return [True] * len(settings)
        if not settings:
            return []
        surrogate = self.surrogate
        centre = features(self.space, [self.incumbent.params])
        points = features(self.space, settings)
        distances = surrogate.metric.distances(points, centre, surrogate.lengthscales)[:, 0]
        outside: list[bool] = (distances >= BASIN_RADIUS).tolist()
        return outside


def basin_escapes(
    space: SearchSpace,
    surrogate: GaussianProcess,
    ended: Sequence[Observation],
    *,
    exploring: Collection[int],
    size: int,
) -> list[OutsideBasin]:
    """Targets to alternate between if the search stagnates: a restart, and outside the basin."""
    incumbent = stagnant_best(ended, exploring=exploring, size=size)
    if incumbent is None:
        return []
    return [
        OutsideBasin(space=space, surrogate=surrogate, incumbent=incumbent, restart=restart)
        for restart in (True, False)
    ]
