"""What a shortlist must find, the long way."""

from caviar.sampler.surrogate.expected_improvement import log_expected_improvement
from caviar.sampler.surrogate.gaussian_process import Rows
from caviar.sampler.surrogate.posterior import Posterior


class Exhaustive:
    """A believer that looks at every row each time."""

    def __init__(self, posterior: Posterior, *, best: float, kappa: float) -> None:
        self._posterior, self._best, self._doubt = posterior, best, kappa

    def best_row(self, rows: Rows, *, expected: object) -> int:
        """The one of the rows that promises most."""
        mean, variance = self._posterior.mean[rows], self._posterior.variance[rows]
        return int(
            rows[
                log_expected_improvement(
                    mean, variance, best=self._best, kappa=self._doubt
                ).argmax()
            ]
        )

    def condition_on_mean(self, row: int) -> None:
        """Take it that a row's value is its mean."""
        self._posterior.condition_on_mean([row])
