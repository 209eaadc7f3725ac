"""Bottoms: where a search has found all that there is to find near its best trial.

What more trials would gain there is next to nothing, and another basin may be deeper. Nothing in
the values tells; so from then on every other trial looks elsewhere, and the rest go on as before,
for the last digits.
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

FIRST = 16  # trials with a value that say where a search began
LAST, ROUNDS = 24, 3  # trials, or as many as so many rounds have, that say how it goes now
TYPICAL = 0.25  # the part of the first trials that are better than where a search is said to begin
GAIN, CLOSE = 0.005, 0.05  # of the way from there to the best trial
CLOSEST = 0.25  # the part of the last trials that must be so close: the best was tried already
APART = 1.2  # in lengths: what is nearer to the best trial is in its basin


def stagnant_best(
    seen: Sequence[Observation], *, looks: Collection[int], size: int
) -> Observation | None:
    """The best of the trials in `seen`, in order, if the last of them say it is at the bottom.

    So they do when they brought a gain of next to nothing although a quarter of them came close to
    the best: where trials are still far from each other, or noisy, there is more to find. The
    trials that were second `looks` are not asked how close they came, and evidence from elsewhere,
    with negative numbers, not at all. `size` is the number of trials of the coming round.
    """
    ended = [one for one in with_value(seen) if one.number >= 0]
    usual = [place for place, one in enumerate(ended) if one.number not in looks]
    last = usual[-max(LAST, ROUNDS * size) :]
    if len(last) < LAST or last[0] < FIRST:
        return None
    values = np.array([one.value for one in ended], dtype=np.float64)
    with np.errstate(over="ignore"):
        away = values - values.min()
    way = float(np.quantile(away[:FIRST], TYPICAL, method="lower"))
    if not math.isfinite(way):
        return None
    gain, apart = away[: last[0]].min(), np.quantile(away[last], CLOSEST, method="lower")
    found = gain <= GAIN * way and apart <= CLOSE * way
    return ended[int(away.argmin())] if found else None


@dataclass(frozen=True, kw_only=True, eq=False)
class OutsideBasin:
    """A look away from the bottom that a search has come to; if `fresh`, a coarse look anywhere."""

    space: SearchSpace
    model: GaussianProcess
    stagnant_best: Observation
    fresh: bool = False

    def among(self, settings: Sequence[Params]) -> list[bool]:
        """Which of the settings it may try: those outside of the basin, or all."""
        if self.fresh:
            return [True] * len(settings)
        if not settings:
            return []
        centre = features(self.space, [self.stagnant_best.params])
        points = features(self.space, settings)
        away = self.model.metric.distances(points, centre, self.model.lengthscales)[:, 0]
        outside: list[bool] = (away >= APART).tolist()
        return outside


def basin_escapes(
    space: SearchSpace,
    model: GaussianProcess,
    seen: Sequence[Observation],
    *,
    looks: Collection[int],
    size: int,
) -> list[OutsideBasin]:
    """Looks elsewhere, to be taken by turns, if the search is at the `bottom` by these trials."""
    found = stagnant_best(seen, looks=looks, size=size)
    if found is None:
        return []
    return [
        OutsideBasin(space=space, model=model, stagnant_best=found, fresh=fresh)
        for fresh in (True, False)
    ]
