"""Lazy greedy selection: the rows with the most expected improvement, one after another.

Conditioning on the mean of a row keeps all means and only shrinks variances, so no expected
improvement increases. As long as the best of a few top rows exceeds the bound of all others from
the time when the top rows were chosen, it is the best of all, and only the top rows need to be
updated: M. Minoux, "Accelerated greedy algorithms for maximizing submodular set functions", 1978.
"""

from collections.abc import Sequence

import numpy as np

from caviar.sampler.surrogate.expected_improvement import log_expected_improvement
from caviar.sampler.surrogate.posterior import Posterior, factor_row, remaining_variance
from caviar.sampler.values import Floats, Rows

TOP_ROWS = 64  # more top rows are valid for longer, but make each selection slower


class LazyGreedy:
    """Selects rows of a posterior's pool by expected improvement over `best`.

    The posterior itself is conditioned only when new top rows are chosen.
    """

    def __init__(self, posterior: Posterior, *, best: float, kappa: float) -> None:
        self._posterior = posterior
        self._best = best
        self._kappa = kappa
        self._top: _TopRows | None = None
        self._pending: list[int] = []  # conditions that the posterior does not have yet

    def best_row(self, rows: Rows, *, expected: Sequence[int]) -> int:
        """The one of `rows` with the most expected improvement; none may be a condition already.

        New top rows include the rows `expected`, which may be conditioned on without having been
        selected here. A condition on a row outside of the top rows invalidates them.
        """
        if self._top is not None and self._top.covers(rows):
            row, improvement = self._best_of(self._top)
            if improvement >= self._top.bound:
                return row
        if self._pending:
            self._posterior.condition_on_mean(self._pending)
            self._pending = []
        improvements = self._improvements(
            self._posterior.mean[rows], self._posterior.variance[rows]
        )
        self._top = _TopRows(self._posterior, rows, improvements, expected=expected)
        return self._best_of(self._top)[0]

    def condition_on_mean(self, row: int) -> None:
        """Condition on the value of a row being its mean."""
        self._pending.append(row)
        if self._top is not None and not self._top.condition_on_mean(row):
            self._top = None

    def _best_of(self, top: "_TopRows") -> tuple[int, float]:
        improvements = np.where(top.free, self._improvements(top.mean, top.variance), -np.inf)
        place = int(improvements.argmax())
        return int(top.rows[place]), float(improvements[place])

    def _improvements(self, mean: Floats, variance: Floats) -> Floats:
        return log_expected_improvement(mean, variance, best=self._best, kappa=self._kappa)


class _TopRows:
    """The best of some rows, which are `free`, and the rows `expected`, which are not.

    `bound` is the highest expected improvement of the other rows.
    """

    def __init__(
        self, posterior: Posterior, rows: Rows, improvements: Floats, *, expected: Sequence[int]
    ) -> None:
        order = np.argsort(-improvements, kind="stable")
        first, rest = order[:TOP_ROWS], order[TOP_ROWS:]
        self.bound = float(improvements[rest[0]]) if len(rest) else -np.inf
        others = np.setdiff1d(np.array(expected, dtype=np.intp), rows[first])
        self.rows = np.concatenate([rows[first], others])
        self.free = np.arange(len(self.rows)) < len(first)
        self.mean = posterior.mean[self.rows]
        self.variance = posterior.variance[self.rows]
        self._covariance = posterior.covariance(self.rows, conditioned=True)
        self._factor = np.empty_like(self._covariance)
        self._conditions = 0
        self._places = {row: place for place, row in enumerate(self.rows.tolist())}
        self._covered = np.zeros(len(posterior.mean), dtype=np.bool_)
        self._covered[rows] = True

    def covers(self, rows: Rows) -> bool:
        """Whether these are the original rows without those that were conditioned on since."""
        return len(rows) == self._covered.sum() and bool(self._covered[rows].all())

    def condition_on_mean(self, row: int) -> bool:
        """Condition on the value of a row being its mean; False if it is not a top row."""
        place = self._places.get(row)
        if place is None:
            return False
        before = self._factor[: self._conditions]
        added = factor_row(self._covariance[place], before, place, self.variance)
        self._factor[self._conditions] = added
        self.variance = remaining_variance(self.variance, added)
        self._conditions += 1
        self.free[place] = False
        self._covered[row] = False
        return True
