"""What a shortlist must find, the long way."""

from caviar.sampler.surrogate.expected_improvement import promises
from caviar.sampler.surrogate.gaussian_process import Rows
from caviar.sampler.surrogate.posterior import Posterior


class LooksAtAll:
    """A believer that looks at every row each time."""

    def __init__(self, posterior: Posterior, *, best: float, doubt: float) -> None:
        self._posterior, self._best, self._doubt = posterior, best, doubt

    def most_promising(self, rows: Rows, *, expected: object) -> int:
        """The one of the rows that promises most."""
        mean, variance = self._posterior.mean[rows], self._posterior.variance[rows]
        return int(rows[promises(mean, variance, best=self._best, doubt=self._doubt).argmax()])

    def believe(self, row: int) -> None:
        """Take it that a row's value is its mean."""
        self._posterior.believe([row])
