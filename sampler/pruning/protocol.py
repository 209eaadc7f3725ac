"""The protocol of all pruners: the epochs at which trials are compared, and the verdicts.

A rung is an epoch at which the trials of one bracket of one round are compared. This set of trials
is known before training starts. A pruner that waits for all of them, or for all lower numbers,
decides independently of the order and speed of training.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A trial that has reached a rung, with its value there. Smaller is better."""

    number: int
    value: float


@dataclass(frozen=True, kw_only=True)
class Finish:
    """A trial of an earlier round that was trained to the end. Smaller is better."""

    at_rung: float
    """The value at the rung that is judged."""
    value: float
    """The final value."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether a trial is promoted past a rung, and the comparison that decided it."""

    promoted: bool
    bar: float
    """The threshold: the worst value that is promoted by rank, or the median."""
    kept: int
    """The number of compared trials that are promoted by rank."""
    compared: int
    """The number of compared trials, including this one."""
    pace: float | None = None
    """The best value that the best finished trials had at the rung; a better trial is promoted too.
    None without enough finished trials."""


class Pruner(Protocol):
    """Stops trials early. A pruner is stateless: all state is an argument."""

    @property
    def waits(self) -> bool:
        """Whether it waits for closed sets, so that the order of arrivals does not matter."""

    @property
    def uses_finished(self) -> bool:
        """Whether it compares with finished trials of earlier rounds, which must have ended."""

    def bracket(self, position: int, *, epochs: int) -> int:
        """The bracket of the trial at this position in its round; both count from 0."""

    def rungs(self, bracket: int, *, epochs: int) -> tuple[int, ...]:
        """The epochs at which trials of a bracket are compared, ascending and below `epochs`."""

    def round_epochs(self, count: int, *, epochs: int) -> int:
        """The epochs that a round of `count` trials takes when no trial is ahead of the pace."""

    def judge(
        self,
        arrived: Sequence[Arrival],
        *,
        undecided: Collection[int],
        coming: int | None,
        finished: Sequence[Finish] = (),
    ) -> Mapping[int, Verdict]:
        """Verdicts, by number, on the undecided trials that can be decided now.

        `arrived` are all trials that have reached the rung. `coming` is the lowest number that may
        still reach it, or None. `finished` are the finished trials of earlier rounds in the order
        of their numbers, if the pruner uses them.
        """


def ranked(arrived: Sequence[Arrival]) -> list[Arrival]:
    """The arrivals, best first; ties go to the lower number."""
    return sorted(arrived, key=lambda arrival: (arrival.value, arrival.number))


def top(arrived: Sequence[Arrival], *, eta: int, pace: float | None = None) -> dict[int, Verdict]:
    """A verdict on each trial: promoted are the best 1/eta, at least one, and values below pace."""
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
