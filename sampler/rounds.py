"""Observations and rounds: the plain data that every sampler takes and gives."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypedDict, cast

from caviar.sampler.values import JSON, Box, Params


@dataclass(frozen=True, kw_only=True)
class Observation:
    """The outcome of a trial. Smaller values are better.

    `value` is None when the trial has no value that counts: it failed, diverged, was pruned or is
    void, as `state` says. Such a trial is never an elite, but the surrogate learns to avoid it.
    `rungs` maps epochs trained to the value that a pruner compared there.
    """

    number: int
    params: Params
    value: float | None
    state: str = "completed"
    rungs: Mapping[int, float] = field(default_factory=dict)


class ProposalData(TypedDict, total=False):
    """What a sampler stores in a round to propose its trials from. The keys are stored as JSON."""

    points: list[list[float]]
    """Coarse to fine: a point of the unit cube for each trial."""
    looks: list[int]
    """Coarse to fine: the numbers of the exploration trials, which may leave the box."""
    ranges: dict[str, list[float]]
    """Coarse to fine: low and high ends of parameters whose range was widened."""
    levels: dict[str, int]
    """Grid: the number of values of each parameter."""
    places: dict[str, list[float]]
    """Grid: the values of parameters that are spaced unevenly, in the unit interval."""
    crossings: Sequence[int]
    """Grid: the crossings to try, where conditions make some of them equal."""
    settings: list[int]
    """Of a finite space: the settings to try, as indices into those of the space."""
    left: int
    """Of a finite space: how many settings of it are not tried after the round."""


@dataclass(frozen=True, kw_only=True)
class Round:
    """One stage of a search: `size` trials, numbered from `first`, drawn from `box`.

    `elites` are the numbers of the trials that the box was fitted to; trials of other studies have
    negative numbers. `reason` explains the round to a person. `proposal_data`, stored as `model`,
    is what the sampler proposes the trials from.
    """

    number: int
    first: int
    size: int
    box: Box
    elites: tuple[int, ...] = ()
    reason: str = ""
    proposal_data: ProposalData = field(default_factory=ProposalData)

    @property
    def stop(self) -> int:
        """The number after the last trial of the round."""
        return self.first + self.size

    def to_dict(self) -> dict[str, JSON]:
        """The JSON form; `from_dict` restores an equal round."""
        return {
            "number": self.number,
            "first": self.first,
            "size": self.size,
            "box": {name: list(interval) for name, interval in self.box.items()},
            "elites": list(self.elites),
            "reason": self.reason,
            "model": cast(dict[str, JSON], self.proposal_data),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Round":
        """The round that `to_dict` wrote."""
        return cls(
            number=data["number"],
            first=data["first"],
            size=data["size"],
            box={name: (low, high) for name, (low, high) in data["box"].items()},
            elites=tuple(data["elites"]),
            reason=data.get("reason", ""),
            proposal_data=data.get("model", {}),
        )


def whole_box(names: Iterable[str], manual_box: Box | None = None) -> Box:
    """The whole unit interval for each parameter, except for the intervals of a manual zoom."""
    return {**dict.fromkeys(names, (0.0, 1.0)), **(manual_box or {})}


def next_round(
    rounds: Sequence[Round],
    *,
    size: int,
    box: Box,
    reason: str,
) -> Round:
    """The round after `rounds`."""
    return Round(
        number=rounds[-1].number + 1 if rounds else 0,
        first=planned_trials(rounds),
        size=size,
        box=box,
        reason=reason,
    )


def renumber(current: Round, numbers: Sequence[int]) -> Round:
    """The round with its exploration trials under the numbers that its trials got in the end.

    Trials that a person added shift the numbers, and a zoom may cut the round short.
    """
    planned = [number - current.first for number in current.proposal_data.get("looks", ())]
    exploring = [numbers[place] for place in planned if place < len(numbers)]
    return replace(current, proposal_data={**current.proposal_data, "looks": exploring})


def planned_trials(rounds: Sequence[Round]) -> int:
    """How many trials the rounds hold: the number of the first trial after them."""
    return rounds[-1].stop if rounds else 0


def trials_left(rounds: Sequence[Round], *, budget: int) -> int:
    """How many trials of the budget are in no round. Raises ValueError if there are none."""
    left = budget - planned_trials(rounds)
    if left <= 0:
        raise ValueError(f"the rounds already hold all {budget} trials of the budget")
    return left
