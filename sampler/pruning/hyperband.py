"""Hyperband: brackets of successive halving, from the most aggressive to one without pruning.

Li et al., "Hyperband: a novel bandit-based approach to hyperparameter optimization", 2018. The
trials of a round are assigned to its brackets by position, in the proportions of the paper.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil

from caviar.sampler.pruning.protocol import Arrival, Finish, Verdict
from caviar.sampler.pruning.successive_halving import SuccessiveHalving, round_epochs


@dataclass(frozen=True, kw_only=True)
class Hyperband:
    """Bracket b omits the first b rungs of successive halving.

    The brackets hedge against early values that predict late ones poorly: the last bracket does
    not depend on them. Raises PrunerError under the conditions of successive halving.
    """

    eta: int = 3
    min_epochs: int | None = None

    waits = True
    uses_finished = True

    def __post_init__(self) -> None:
        self._halving()

    def bracket(self, position: int, *, epochs: int) -> int:
        """The bracket at a position; any consecutive positions have about the same proportions."""
        order = bracket_order(len(self._halving().rungs(0, epochs=epochs)), self.eta)
        return order[position % len(order)]

    def rungs(self, bracket: int, *, epochs: int) -> tuple[int, ...]:
        """The rungs of successive halving from number `bracket` on."""
        return self._halving().rungs(0, epochs=epochs)[bracket:]

    def round_epochs(self, count: int, *, epochs: int) -> int:
        """The sum over the brackets, in their proportions."""
        order = bracket_order(len(self._halving().rungs(0, epochs=epochs)), self.eta)
        whole, rest = divmod(count, len(order))
        sizes = Counter(order * whole + order[:rest])
        return sum(
            round_epochs(self.rungs(bracket, epochs=epochs), size, epochs=epochs, eta=self.eta)
            for bracket, size in sizes.items()
        )

    def judge(
        self,
        arrived: Sequence[Arrival],
        *,
        undecided: Collection[int],
        coming: int | None,
        finished: Sequence[Finish] = (),
    ) -> Mapping[int, Verdict]:
        """The verdicts of successive halving within the bracket."""
        return self._halving().judge(arrived, undecided=undecided, coming=coming, finished=finished)

    def _halving(self) -> SuccessiveHalving:
        return SuccessiveHalving(eta=self.eta, min_epochs=self.min_epochs)


@lru_cache
def bracket_order(rungs: int, eta: int) -> tuple[int, ...]:
    """The brackets of consecutive positions, each spaced evenly.

    A bracket with k rungs gets ceil((rungs + 1) / (k + 1) * eta**k) trials, so that all brackets
    cost about the same.
    """
    sizes = {rungs - left: ceil((rungs + 1) / (left + 1) * eta**left) for left in range(rungs + 1)}
    places = [
        ((turn + 0.5) / size, bracket) for bracket, size in sizes.items() for turn in range(size)
    ]
    return tuple(bracket for _, bracket in sorted(places))
