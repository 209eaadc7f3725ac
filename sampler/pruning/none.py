"""No pruning: every trial is trained to the end."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from caviar.sampler.pruning.protocol import Arrival, Finish, Verdict


@dataclass(frozen=True, kw_only=True)
class NoPruner:
    """A pruner without rungs."""

    waits = True
    uses_finished = False

    def bracket(self, position: int, *, epochs: int) -> int:
        """The only bracket, 0."""
        return 0

    def rungs(self, bracket: int, *, epochs: int) -> tuple[int, ...]:
        """No rungs."""
        return ()

    def round_epochs(self, count: int, *, epochs: int) -> int:
        """All epochs of all trials."""
        return count * epochs

    def judge(
        self,
        arrived: Sequence[Arrival],
        *,
        undecided: Collection[int],
        coming: int | None,
        finished: Sequence[Finish] = (),
    ) -> Mapping[int, Verdict]:
        """No verdicts."""
        return {}
