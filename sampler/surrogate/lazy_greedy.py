"""A shortlist: the most promising rows of a pool, one after another, by looking at a few of them.

When a row is believed, nothing becomes more promising: means stay, and variances only shrink. So
as long as the first of a few rows promises more than any other did when these were chosen, it is
the first of all, and only the few need be looked at again: the "lazy" greedy algorithm of M.
Minoux, "Accelerated greedy algorithms for maximizing submodular set functions", 1978.
"""

from collections.abc import Sequence

import numpy as np

from caviar.sampler.surrogate.expected_improvement import log_expected_improvement
from caviar.sampler.surrogate.gaussian_process import Floats, Rows
from caviar.sampler.surrogate.posterior import Posterior, factor_row, remaining_variance

ROWS = 64  # of a list: a longer one lasts longer, and each pick takes longer


class LazyGreedy:
    """Finds what `promises` most in a posterior's pool, as one row after another is believed.

    The posterior itself hears of what is believed when a list is made, not before.
    """

    def __init__(self, posterior: Posterior, *, best: float, kappa: float) -> None:
        self._posterior = posterior
        self._best = best
        self._doubt = kappa
        self._list: _TopRows | None = None
        self._new: list[int] = []  # rows that are believed here, and not by the posterior yet

    def best_row(self, rows: Rows, *, expected: Sequence[int]) -> int:
        """The one of `rows` that promises most; none of them was believed yet.

        If a list is made now, it has a place for the rows `expected`, too, which may be believed
        without being found here. To believe a row without a place ends a list.
        """
        if self._list is not None and self._list.is_of(rows):
            first, promise = self._first(self._list)
            if promise >= self._list.bound:
                return first
        if self._new:
            self._posterior.condition_on_mean(self._new)
            self._new = []
        promised = self._promises(self._posterior.mean[rows], self._posterior.variance[rows])
        self._list = _TopRows(self._posterior, rows, promised, expected=expected)
        return self._first(self._list)[0]

    def condition_on_mean(self, row: int) -> None:
        """Take it that a row's value is its mean."""
        self._new.append(row)
        if self._list is not None and not self._list.condition_on_mean(row):
            self._list = None

    def _first(self, few: "_TopRows") -> tuple[int, float]:
        promised = np.where(few.free, self._promises(few.mean, few.variance), -np.inf)
        place = int(promised.argmax())
        return int(few.rows[place]), float(promised[place])

    def _promises(self, mean: Floats, variance: Floats) -> Floats:
        return log_expected_improvement(mean, variance, best=self._best, kappa=self._doubt)


class _TopRows:
    """The most promising of some rows, which are `free`, and the rows `expected`, which are not.

    `bound` is the most that any other of the rows promised.
    """

    def __init__(
        self, posterior: Posterior, rows: Rows, promised: Floats, *, expected: Sequence[int]
    ) -> None:
        order = np.argsort(-promised, kind="stable")
        first, rest = order[:ROWS], order[ROWS:]
        self.bound = float(promised[rest[0]]) if len(rest) else -np.inf
        others = np.setdiff1d(np.array(expected, dtype=np.intp), rows[first])
        self.rows = np.concatenate([rows[first], others])
        self.free = np.arange(len(self.rows)) < len(first)
        self.mean = posterior.mean[self.rows]
        self.variance = posterior.variance[self.rows]
        self._covariance = posterior.covariance(self.rows, conditioned=True)
        self._added = np.empty_like(self._covariance)
        self._known = 0
        self._place = {row: place for place, row in enumerate(self.rows.tolist())}
        self._of = np.zeros(len(posterior.mean), dtype=np.bool_)
        self._of[rows] = True

    def is_of(self, rows: Rows) -> bool:
        """Whether it was made of these rows, and of those that were believed since."""
        return len(rows) == self._of.sum() and bool(self._of[rows].all())

    def condition_on_mean(self, row: int) -> bool:
        """Take it that a row's value is its mean; False if it has no place here."""
        place = self._place.get(row)
        if place is None:
            return False
        before = self._added[: self._known]
        added = factor_row(self._covariance[place], before, place, self.variance)
        self._added[self._known] = added
        self.variance = remaining_variance(self.variance, added)
        self._known += 1
        self.free[place] = False
        self._of[row] = False
        return True
