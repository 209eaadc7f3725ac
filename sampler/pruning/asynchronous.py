"""Asynchronous successive halving: decides at once, so verdicts depend on the order of arrival.

After Li et al., "A system for massively parallel hyperparameter tuning", 2020, in the variant that
stops a trial at once instead of keeping it for a later promotion.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from caviar.sampler.pruning.protocol import Arrival, Finish, Verdict, top
from caviar.sampler.pruning.successive_halving import SuccessiveHalving


@dataclass(frozen=True, kw_only=True)
class AsynchronousHalving:
    """Promotes a trial that is in the top 1/eta of the trials that have reached the rung.

    It suits large pools, where waiting costs more than a wrong verdict. Raises PrunerError under
    the conditions of successive halving.
    """

    eta: int = 3
    min_epochs: int | None = None

    waits = False
    uses_finished = False

    def __post_init__(self) -> None:
        self._halving()

    def bracket(self, position: int, *, epochs: int) -> int:
        """The only bracket, 0."""
        return 0

    def rungs(self, bracket: int, *, epochs: int) -> tuple[int, ...]:
        """The rungs of successive halving."""
        return self._halving().rungs(bracket, epochs=epochs)

    def round_epochs(self, count: int, *, epochs: int) -> int:
        """The epochs of successive halving; the first arrivals take a few more."""
        return self._halving().round_epochs(count, epochs=epochs)

    def judge(
        self,
        arrived: Sequence[Arrival],
        *,
        undecided: Collection[int],
        coming: int | None,
        finished: Sequence[Finish] = (),
    ) -> Mapping[int, Verdict]:
        """Verdicts on all undecided trials at once."""
        verdicts = top(arrived, eta=self.eta)
        return {number: verdicts[number] for number in undecided}

    def _halving(self) -> SuccessiveHalving:
        return SuccessiveHalving(eta=self.eta, min_epochs=self.min_epochs)
