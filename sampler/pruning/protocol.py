"""The one protocol of all pruners: at which epochs trials are compared, and who goes on.

A rung is an epoch at which trials are compared, within one bracket of one round: a closed set,
known before anything is trained. A pruner that waits for all of it, or for all of lower numbers,
decides the same whoever trains and however fast.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A trial that was trained up to a rung, and its value there. Smaller is better."""

    number: int
    value: float


@dataclass(frozen=True, kw_only=True)
class Finish:
    """A trial of an earlier round that was trained to its end. Smaller is better."""

    at_rung: float
    """Its value at the rung that is judged."""
    value: float
    """Its value at the end."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether a trial goes on from a rung, and what it was measured by."""

    promoted: bool
    bar: float
    """The value that decided: the worst that went on by its rank, or the median."""
    kept: int
    """How many of those that it was compared with went on by their rank."""
    compared: int
    """How many it was compared with, itself among them."""
    pace: float | None = None
    """What the best finished trials had here; who was better went on, too. None: there is none."""


class Pruner(Protocol):
    """Ends trials early. It keeps no state: all of it goes in and comes out."""

    @property
    def waits(self) -> bool:
        """Whether it decides by closed sets, so that the order of arrivals does not matter."""

    @property
    def uses_finished(self) -> bool:
        """Whether it compares with trials of earlier rounds, which must have ended then."""

    def bracket(self, position: int, *, epochs: int) -> int:
        """The bracket of the trial at this position, from 0, in its round."""

    def rungs(self, bracket: int, *, epochs: int) -> tuple[int, ...]:
        """The epochs, rising and below `epochs`, at which trials of a bracket are compared."""

    def round_epochs(self, count: int, *, epochs: int) -> int:
        """How many epochs a round of so many trials takes, if nobody is ahead of the pace."""

    def judge(
        self,
        arrived: Sequence[Arrival],
        *,
        undecided: Collection[int],
        coming: int | None,
        finished: Sequence[Finish] = (),
    ) -> Mapping[int, Verdict]:
        """Verdicts on those of the undecided that can be decided now.

        `arrived` are all that ever came to the rung; `coming` is the lowest number that may still
        come, None when there is none; `finished` are trials of earlier rounds, by number, if it
        looks back.
        """


def ranked(arrived: Sequence[Arrival]) -> list[Arrival]:
    """From the best; of equals the lower number first."""
    return sorted(arrived, key=lambda arrival: (arrival.value, arrival.number))


def top(arrived: Sequence[Arrival], *, eta: int, pace: float | None = None) -> dict[int, Verdict]:
    """The best 1/eta go on, at least one, and who is better than `pace`; a verdict on each."""
    order = ranked(arrived)
    kept = max(1, len(order) // eta)
    return {
        arrival.number: Verdict(
            promoted=place < kept or (pace is not None and arrival.value < pace),
            bar=order[kept - 1].value,
            kept=kept,
            compared=len(order),
            pace=pace,
        )
        for place, arrival in enumerate(order)
    }
