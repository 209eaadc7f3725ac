"""Successive halving: the best 1/eta of each rung are promoted and train eta times as long.

Jamieson and Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization",
2016.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log

from caviar.sampler.pruning.options import check_eta, check_min_epochs
from caviar.sampler.pruning.protocol import Arrival, Finish, Verdict, top

FIRST_RUNG_DIVISOR = 9
"""The default first rung is at about 1/9 of the epochs."""
PACE_TRIALS = 4
"""The number of best finished trials that set the pace."""


@dataclass(frozen=True, kw_only=True)
class SuccessiveHalving:
    """Decides a rung when every trial of the round has reached it or can no longer reach it.

    By default half of the trials are promoted at an eighth, a quarter and half of the epochs. Each
    stage then costs the same, and the search takes less than a third of the full cost. A larger
    eta saves more, but a small round cannot rank its best trials at a ninth of the epochs.

    A rank in a small round also depends on how good the other trials are. So a trial that is ahead
    of the pace is promoted as well: one whose value at the rung is better than that of each of the
    best finished trials of earlier rounds.

    Raises PrunerError unless `eta` is a whole number from 2 to 10 and `min_epochs` one from 1.
    """

    eta: int = 2
    min_epochs: int | None = None

    waits = True
    uses_finished = True

    def __post_init__(self) -> None:
        check_eta(self.eta)
        check_min_epochs(self.min_epochs)

    def bracket(self, position: int, *, epochs: int) -> int:
        """The only bracket, 0."""
        return 0

    def rungs(self, bracket: int, *, epochs: int) -> tuple[int, ...]:
        """`min_epochs` times powers of eta, at most 1/eta of the epochs.

        By default they are counted from the end: each is at 1/eta of the next.
        """
        if self.min_epochs is None:
            count = max(1, round(log(FIRST_RUNG_DIVISOR, self.eta)))
            parts = [epochs // self.eta ** (count - rung) for rung in range(count)]
            return tuple(rung for rung in parts if rung)
        rung = self.min_epochs
        rungs = []
        while rung * self.eta <= epochs:
            rungs.append(rung)
            rung *= self.eta
        return tuple(rungs)

    def round_epochs(self, count: int, *, epochs: int) -> int:
        """All trials train to the first rung, 1/eta of them to the second …"""
        return round_epochs(self.rungs(0, epochs=epochs), count, epochs=epochs, eta=self.eta)

    def judge(
        self,
        arrived: Sequence[Arrival],
        *,
        undecided: Collection[int],
        coming: int | None,
        finished: Sequence[Finish] = (),
    ) -> Mapping[int, Verdict]:
        """Verdicts on all undecided trials, once no other trial can reach the rung."""
        if coming is not None:
            return {}
        verdicts = top(arrived, eta=self.eta, pace=pace(finished))
        return {number: verdicts[number] for number in undecided}


def pace(finished: Sequence[Finish]) -> float | None:
    """The best value at the rung among the PACE_TRIALS best finished trials; None if too few.

    Of trials with equal final values, the earlier ones count.
    """
    if len(finished) < PACE_TRIALS:
        return None
    best = sorted(finished, key=lambda trial: trial.value)[:PACE_TRIALS]
    return min(trial.at_rung for trial in best)


def round_epochs(rungs: Sequence[int], count: int, *, epochs: int, eta: int) -> int:
    """The epochs of `count` trials when the best 1/eta, at least one, are promoted at each rung."""
    total = 0
    for earlier, later in pairwise((0, *rungs, epochs)):
        total += count * (later - earlier)
        count = min(count, max(1, count // eta))
    return total
