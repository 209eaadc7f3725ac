"""The median rule: stops a trial that is worse at a rung than the median of earlier trials.

After Golovin et al., "Google Vizier: a service for black-box optimization", 2017. There, a trial
is compared with the trials that have finished so far. Here, it is compared with all trials of its
round that have lower numbers and reached the rung, so the order of arrivals does not matter.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from caviar.sampler.pruning.options import check_count, check_min_epochs
from caviar.sampler.pruning.protocol import Arrival, Finish, Verdict

DEFAULT_PARTS = 5
"""By default there is a rung at each fifth of the epochs."""


@dataclass(frozen=True, kw_only=True)
class MedianPruner:
    """A rung at each multiple of `min_epochs`. The first `min_trials` are always promoted.

    Raises PrunerError unless both are whole numbers from 1.
    """

    min_epochs: int | None = None
    min_trials: int = 5

    waits = True
    uses_finished = False

    def __post_init__(self) -> None:
        check_min_epochs(self.min_epochs)
        check_count("min_trials", self.min_trials)

    def bracket(self, position: int, *, epochs: int) -> int:
        """The only bracket, 0."""
        return 0

    def rungs(self, bracket: int, *, epochs: int) -> tuple[int, ...]:
        """Evenly spaced epochs, the last at least one space before the end."""
        space = max(1, epochs // DEFAULT_PARTS) if self.min_epochs is None else self.min_epochs
        return tuple(range(space, epochs - space + 1, space))

    def round_epochs(self, count: int, *, epochs: int) -> int:
        """All epochs of all trials: the savings are not known in advance."""
        return count * epochs

    def judge(
        self,
        arrived: Sequence[Arrival],
        *,
        undecided: Collection[int],
        coming: int | None,
        finished: Sequence[Finish] = (),
    ) -> Mapping[int, Verdict]:
        """Verdicts on trials below `coming`, each compared with the trials up to its number."""
        ready = [number for number in undecided if coming is None or number < coming]
        value = {arrival.number: arrival.value for arrival in arrived}
        verdicts = {}
        for number in sorted(ready):
            before = [arrival.value for arrival in arrived if arrival.number <= number]
            bar = median(before)
            verdicts[number] = Verdict(
                promoted=len(before) <= self.min_trials or value[number] <= bar,
                bar=bar,
                kept=sum(other <= bar for other in before),
                compared=len(before),
            )
        return verdicts
