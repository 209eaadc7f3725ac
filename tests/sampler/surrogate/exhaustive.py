"""Exhaustive selection, the reference for lazy greedy selection."""

from caviar.sampler.surrogate.expected_improvement import log_expected_improvement
from caviar.sampler.surrogate.posterior import Posterior
from caviar.sampler.values import Rows


class Exhaustive:
    """Computes the expected improvement of every row each time."""

    def __init__(self, posterior: Posterior, *, best: float, kappa: float) -> None:
        self._posterior, self._best, self._kappa = posterior, best, kappa

    def best_row(self, rows: Rows, *, expected: object) -> int:
        """The row with the highest expected improvement."""
        mean, variance = self._posterior.mean[rows], self._posterior.variance[rows]
        return int(
            rows[
                log_expected_improvement(
                    mean, variance, best=self._best, kappa=self._kappa
                ).argmax()
            ]
        )

    def condition_on_mean(self, row: int) -> None:
        """Condition on the value of a row being its mean."""
        self._posterior.condition_on_mean([row])
