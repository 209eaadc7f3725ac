"""A search goes round by round. Rounds and what they learn from are plain data."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from caviar.sampler.values import JSON, Params

Box: TypeAlias = dict[str, tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What became of a trial. Smaller values are better.

    `value` is None when the trial gave none that counts (it failed, diverged, was pruned or is
    void): then it is evidence to stay away from, and never an elite. `state` says which. `rungs`
    has, by epochs trained, what it had when a pruner compared it with others.
    """

    number: int
    params: Params
    value: float | None
    state: str = "completed"
    rungs: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Round:
    """One stage from coarse to fine: `size` trials, numbered from `first`, drawn from `box`.

    `box` gives each parameter's interval in the unit interval of its scale; `elites` are the
    numbers of the trials that it came from, below zero for evidence from elsewhere; `reason` tells
    a person why, and of trials that look outside the box. `model` is whatever else its sampler
    needs, as JSON: to propose from it and, as `ranges`, how wide its space is.
    """

    number: int
    first: int
    size: int
    box: Box
    elites: tuple[int, ...] = ()
    reason: str = ""
    model: dict[str, Any] = field(default_factory=dict)

    @property
    def stop(self) -> int:
        """The number of the trial after its last."""
        return self.first + self.size

    def to_dict(self) -> dict[str, JSON]:
        """The JSON form; `from_dict` makes an equal round of it."""
        return {
            "number": self.number,
            "first": self.first,
            "size": self.size,
            "box": {name: list(interval) for name, interval in self.box.items()},
            "elites": list(self.elites),
            "reason": self.reason,
            "model": self.model,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Round":
        """The round that `to_dict` wrote."""
        box = {name: (low, high) for name, (low, high) in data["box"].items()}
        return cls(**{**data, "box": box, "elites": tuple(data["elites"])})


def whole_box(names: Iterable[str], drawn: Box | None = None) -> Box:
    """All of every parameter, save for the intervals that a person drew."""
    return {**dict.fromkeys(names, (0.0, 1.0)), **(drawn or {})}


def next_round(
    rounds: Sequence[Round],
    *,
    size: int,
    box: Box,
    reason: str,
    model: dict[str, Any] | None = None,
) -> Round:
    """The round after these."""
    return Round(
        number=rounds[-1].number + 1 if rounds else 0,
        first=planned_trials(rounds),
        size=size,
        box=box,
        reason=reason,
        model=model or {},
    )


def renumber(found: Round, numbers: Sequence[int]) -> Round:
    """The round as it went: its trials, as many as there were, got these numbers.

    Others were put between them, or it was cut.
    """
    looks = [look - found.first for look in found.model.get("looks", ())]
    went = [numbers[place] for place in looks if place < len(numbers)]
    return replace(found, model={**found.model, "looks": went})


def planned_trials(rounds: Sequence[Round]) -> int:
    """How many trials the rounds hold: the number of the first trial after them."""
    return rounds[-1].stop if rounds else 0


def trials_left(rounds: Sequence[Round], *, budget: int) -> int:
    """How many trials of the budget are in no round yet. Raises ValueError if there are none."""
    left = budget - planned_trials(rounds)
    if left <= 0:
        raise ValueError(f"the rounds hold all {budget} trials of the budget already")
    return left
