"""The median rule: who is worse at a rung than the median of those before goes no further.

After Golovin et al., "Google Vizier: a service for black-box optimization", 2017. There, trials
are compared with whatever has finished by then. Here, a trial is compared with all of its round
that have lower numbers and came to the rung, so the order in which they came does not matter.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from caviar.sampler.pruning.options import check_count, check_min_epochs
from caviar.sampler.pruning.protocol import Arrival, Finish, Verdict

PARTS = 5
"""By default there is a rung at every fifth part of the epochs."""


@dataclass(frozen=True, kw_only=True)
class MedianPruner:
    """A rung at `min_epochs` and at each multiple of it. The first `min_trials` always go on.

    Raises PrunerError when one of them is no whole number from 1.
    """

    min_epochs: int | None = None
    min_trials: int = 5

    waits = True
    uses_finished = False

    def __post_init__(self) -> None:
        check_min_epochs(self.min_epochs)
        check_count("min_trials", self.min_trials)

    def bracket(self, position: int, *, epochs: int) -> int:
        """All in one."""
        return 0

    def rungs(self, bracket: int, *, epochs: int) -> tuple[int, ...]:
        """Evenly spaced, the last at least one space before the end."""
        space = max(1, epochs // PARTS) if self.min_epochs is None else self.min_epochs
        return tuple(range(space, epochs - space + 1, space))

    def round_epochs(self, count: int, *, epochs: int) -> int:
        """All of them: how many it will save nobody knows."""
        return count * epochs

    def judge(
        self,
        arrived: Sequence[Arrival],
        *,
        undecided: Collection[int],
        coming: int | None,
        finished: Sequence[Finish] = (),
    ) -> Mapping[int, Verdict]:
        """Those below the lowest number that may still come, each against those below it."""
        ready = [number for number in undecided if coming is None or number < coming]
        value = {arrival.number: arrival.value for arrival in arrived}
        found = {}
        for number in sorted(ready):
            before = [arrival.value for arrival in arrived if arrival.number <= number]
            bar = median(before)
            found[number] = Verdict(
                promoted=len(before) <= self.min_trials or value[number] <= bar,
                bar=bar,
                kept=sum(other <= bar for other in before),
                compared=len(before),
            )
        return found
