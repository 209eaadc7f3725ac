"""Asynchronous successive halving: nobody waits; what is decided depends on who came first.

After Li et al., "A system for massively parallel hyperparameter tuning", 2020, in the form that
stops a trial at once instead of keeping it for later.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from caviar.sampler.pruning.protocol import Arrival, Finish, Verdict, top
from caviar.sampler.pruning.successive_halving import SuccessiveHalving


@dataclass(frozen=True, kw_only=True)
class AsynchronousHalving:
    """Goes on who is among the best 1/eta of those that came to the rung so far.

    For large pools, where waiting costs more than a bad guess. Raises PrunerError as successive
    halving does.
    """

    eta: int = 3
    min_epochs: int | None = None

    waits = False
    uses_finished = False

    def __post_init__(self) -> None:
        self._halving()

    def bracket(self, position: int, *, epochs: int) -> int:
        """All in one."""
        return 0

    def rungs(self, bracket: int, *, epochs: int) -> tuple[int, ...]:
        """Those of successive halving."""
        return self._halving().rungs(bracket, epochs=epochs)

    def round_epochs(self, count: int, *, epochs: int) -> int:
        """As many as in successive halving; the first to come take a few more."""
        return self._halving().round_epochs(count, epochs=epochs)

    def judge(
        self,
        arrived: Sequence[Arrival],
        *,
        undecided: Collection[int],
        coming: int | None,
        finished: Sequence[Finish] = (),
    ) -> Mapping[int, Verdict]:
        """Everybody, at once."""
        verdicts = top(arrived, eta=self.eta)
        return {number: verdicts[number] for number in undecided}

    def _halving(self) -> SuccessiveHalving:
        return SuccessiveHalving(eta=self.eta, min_epochs=self.min_epochs)
