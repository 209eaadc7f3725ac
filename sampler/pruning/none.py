"""No pruner: every trial is trained to its end."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from caviar.sampler.pruning.protocol import Arrival, Finish, Verdict


@dataclass(frozen=True, kw_only=True)
class NoPruner:
    """There are no rungs, and nothing to decide."""

    waits = True
    uses_finished = False

    def bracket(self, position: int, *, epochs: int) -> int:
        """All in one."""
        return 0

    def rungs(self, bracket: int, *, epochs: int) -> tuple[int, ...]:
        """None."""
        return ()

    def round_epochs(self, count: int, *, epochs: int) -> int:
        """All of them."""
        return count * epochs

    def judge(
        self,
        arrived: Sequence[Arrival],
        *,
        undecided: Collection[int],
        coming: int | None,
        finished: Sequence[Finish] = (),
    ) -> Mapping[int, Verdict]:
        """Nobody."""
        return {}
