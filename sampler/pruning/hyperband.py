"""Hyperband: brackets of successive halving, from the boldest to one that prunes nobody.

Li et al., "Hyperband: a novel bandit-based approach to hyperparameter optimization", 2018. The
trials of a round are dealt to its brackets in the paper's proportions, by their position.
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
    """Bracket b leaves out the first b rungs of successive halving. Raises PrunerError as it does.

    It hedges: where early values tell little of late ones, the last bracket still finds them.
    """

    eta: int = 3
    min_epochs: int | None = None

    waits = True
    uses_finished = True

    def __post_init__(self) -> None:
        self._halving()

    def bracket(self, position: int, *, epochs: int) -> int:
        """Dealt evenly, so that every stretch of positions has about the same proportions."""
        hand = deal(len(self._halving().rungs(0, epochs=epochs)), self.eta)
        return hand[position % len(hand)]

    def rungs(self, bracket: int, *, epochs: int) -> tuple[int, ...]:
        """Those of successive halving from the bracket's on."""
        return self._halving().rungs(0, epochs=epochs)[bracket:]

    def round_epochs(self, count: int, *, epochs: int) -> int:
        """Those of the brackets, as they are dealt."""
        hand = deal(len(self._halving().rungs(0, epochs=epochs)), self.eta)
        whole, rest = divmod(count, len(hand))
        dealt = Counter(hand * whole + hand[:rest])
        return sum(
            round_epochs(self.rungs(bracket, epochs=epochs), size, epochs=epochs, eta=self.eta)
            for bracket, size in dealt.items()
        )

    def judge(
        self,
        arrived: Sequence[Arrival],
        *,
        undecided: Collection[int],
        coming: int | None,
        finished: Sequence[Finish] = (),
    ) -> Mapping[int, Verdict]:
        """As successive halving does, within the bracket."""
        return self._halving().judge(arrived, undecided=undecided, coming=coming, finished=finished)

    def _halving(self) -> SuccessiveHalving:
        return SuccessiveHalving(eta=self.eta, min_epochs=self.min_epochs)


@lru_cache
def deal(rungs: int, eta: int) -> tuple[int, ...]:
    """The brackets in the order in which they are dealt, each evenly spread.

    A bracket with k rungs gets ceil((rungs + 1) / (k + 1) * eta**k) trials, so that all brackets
    cost about the same.
    """
    sizes = {rungs - left: ceil((rungs + 1) / (left + 1) * eta**left) for left in range(rungs + 1)}
    places = [
        ((turn + 0.5) / size, bracket) for bracket, size in sizes.items() for turn in range(size)
    ]
    return tuple(bracket for _, bracket in sorted(places))
