"""Successive halving: all start, the best 1/eta of each rung go on eta times as far.

Jamieson and Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization",
2016.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log

from caviar.sampler.pruning.options import check_eta, check_min_epochs
from caviar.sampler.pruning.protocol import Arrival, Finish, Verdict, top

PARTS = 9
"""By default the first rung is at about this part of the epochs."""
LEADERS = 4
"""So many of the finished trials, the best, set the pace."""


@dataclass(frozen=True, kw_only=True)
class SuccessiveHalving:
    """A rung is decided when all of its round have come to it, or can no longer come.

    By default half go on from an eighth, a quarter and half of the epochs, so that each stage costs
    the same, all of it less than a third of the full search. Thirds would save more, but at a ninth
    of the epochs a small round cannot tell its best from its second best.

    A rank within a small round also depends on how good the others happen to be. So a trial goes on
    as well when it is ahead of the pace: better at the rung than any of the best trials of earlier
    rounds was there.

    Raises PrunerError when `eta` is no whole number from 2 to 10, or `min_epochs` none from 1.
    """

    eta: int = 2
    min_epochs: int | None = None

    waits = True
    uses_finished = True

    def __post_init__(self) -> None:
        check_eta(self.eta)
        check_min_epochs(self.min_epochs)

    def bracket(self, position: int, *, epochs: int) -> int:
        """All in one."""
        return 0

    def rungs(self, bracket: int, *, epochs: int) -> tuple[int, ...]:
        """`min_epochs`, then each eta times the last, as long as as much is left to be saved.

        By default they are reckoned from the end: each at 1/eta of the next.
        """
        if self.min_epochs is None:
            count = max(1, round(log(PARTS, self.eta)))
            parts = [epochs // self.eta ** (count - rung) for rung in range(count)]
            return tuple(rung for rung in parts if rung)
        rung = self.min_epochs
        found = []
        while rung * self.eta <= epochs:
            found.append(rung)
            rung *= self.eta
        return tuple(found)

    def round_epochs(self, count: int, *, epochs: int) -> int:
        """All train to the first rung, 1/eta of them to the second …"""
        return round_epochs(self.rungs(0, epochs=epochs), count, epochs=epochs, eta=self.eta)

    def judge(
        self,
        arrived: Sequence[Arrival],
        *,
        undecided: Collection[int],
        coming: int | None,
        finished: Sequence[Finish] = (),
    ) -> Mapping[int, Verdict]:
        """Everybody at once, as soon as nobody is still to come."""
        if coming is not None:
            return {}
        verdicts = top(arrived, eta=self.eta, pace=pace(finished))
        return {number: verdicts[number] for number in undecided}


def pace(finished: Sequence[Finish]) -> float | None:
    """The best value that one of the leaders had at the rung; None when too few have finished.

    Of those that ended equally well, the earlier ones lead.
    """
    if len(finished) < LEADERS:
        return None
    leaders = sorted(finished, key=lambda finish: finish.value)[:LEADERS]
    return min(leader.at_rung for leader in leaders)


def round_epochs(rungs: Sequence[int], count: int, *, epochs: int, eta: int) -> int:
    """What `count` trials take when the best 1/eta, at least one, go on from each rung."""
    total = 0
    for earlier, later in pairwise((0, *rungs, epochs)):
        total += count * (later - earlier)
        count = min(count, max(1, count // eta))
    return total
