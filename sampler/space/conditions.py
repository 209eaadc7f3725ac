"""When a parameter takes part: `{"optimizer": ["momentum"]}`.

A condition is a number of clauses that must all hold, each with what it requires of one other
parameter: a value from a list, `["adam", "momentum"]`, or a number within limits,
`{"at_least": 3}`, `{"at_most": 0.1}` or both. Another kind of requirement is a class with the same
methods and a branch in `parse_requirement`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from caviar.sampler.errors import SpaceError
from caviar.sampler.space import checks
from caviar.sampler.text import counted, did_you_mean, label, listed, shown
from caviar.sampler.values import JSON, Params, Value, same

MAX_VALUES = 1000
LIMITS = ("at_least", "at_most")


class Parent(Protocol):
    """What a requirement needs to know of the parameter that must meet it."""

    @property
    def discrete(self) -> bool:
        """Whether it has single values to list, or a continuum."""

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The least and the largest value, where all of them are numbers in order."""

    def check(self, value: object) -> Value:
        """The value in the parameter's type. Raises SpaceError when it cannot take it."""


class Requirement(Protocol):
    """What the value of another parameter must be."""

    def holds(self, value: Value) -> bool:
        """Whether the value meets it."""

    def check(self, path: str, parent: Parent) -> None:
        """Raise SpaceError, at path, when the parameter could never meet it."""

    @property
    def limits(self) -> Sequence[Value]:
        """The values at which it begins or ceases to hold."""

    def to_json(self) -> JSON:
        """As it was written."""


@dataclass(frozen=True)
class OneOf:
    """The value is one of these."""

    values: tuple[Value, ...]

    def holds(self, value: Value) -> bool:
        """Whether the value is on the list."""
        return any(same(value, member) for member in self.values)

    def check(self, path: str, parent: Parent) -> None:
        """Every value must be one that the parameter can take."""
        if not parent.discrete:
            raise SpaceError(path, "is a float; a list of values needs a categorical or an int")
        for value in self.values:
            try:
                taken = parent.check(value)
            except SpaceError as error:
                raise SpaceError(path, error.message) from None
            if not same(taken, value):  # a step with some digits more, which no draw ever has
                raise SpaceError(path, f"must be {shown(taken)}, not {shown(value)}")

    @property
    def limits(self) -> Sequence[Value]:
        """Each of the values."""
        return self.values

    def to_json(self) -> JSON:
        """The list of values."""
        return list(self.values)

    def __str__(self) -> str:
        return f"is {listed([shown(value) for value in self.values], word='or')}"


@dataclass(frozen=True)
class Within:
    """The value is a number, and not outside the limits; one of them may be missing."""

    at_least: float | None = None
    at_most: float | None = None

    def holds(self, value: Value) -> bool:
        """Whether it is a number within the limits."""
        if isinstance(value, str | bool):
            return False
        above = self.at_least is None or value >= self.at_least
        return above and (self.at_most is None or value <= self.at_most)

    def check(self, path: str, parent: Parent) -> None:
        """The parameter must be a number, and reach the limits."""
        bounds = parent.bounds
        if bounds is None:
            raise SpaceError(path, "is no number; a categorical needs a list of values")
        low, high = bounds
        if self.at_least is not None and self.at_least > high:
            raise SpaceError(f"{path}.at_least", f"must be at most {high:g}, its largest value")
        if self.at_most is not None and self.at_most < low:
            raise SpaceError(f"{path}.at_most", f"must be at least {low:g}, its least value")

    @property
    def limits(self) -> Sequence[Value]:
        """Those of the two that there are."""
        return [limit for limit in (self.at_least, self.at_most) if limit is not None]

    def to_json(self) -> JSON:
        """The limits that there are."""
        limits = {"at_least": self.at_least, "at_most": self.at_most}
        return {name: limit for name, limit in limits.items() if limit is not None}

    def __str__(self) -> str:
        limits = [
            f"{word} {shown(limit)}"
            for word, limit in (("at least", self.at_least), ("at most", self.at_most))
            if limit is not None
        ]
        return f"is {listed(limits)}"


@dataclass(frozen=True)
class Clause:
    """A requirement of one other parameter. An inactive parameter meets none."""

    parameter: str
    requirement: Requirement

    def holds(self, params: Params) -> bool:
        """Whether the parameter is active in `params` and meets it."""
        return self.parameter in params and self.requirement.holds(params[self.parameter])

    def __str__(self) -> str:
        return f"{self.parameter} {self.requirement}"


Condition = tuple[Clause, ...]


def parse_condition(path: str, when: object) -> Condition:
    """The clauses of a `when`. Raises SpaceError with paths below `path`."""
    if not isinstance(when, Mapping):
        raise SpaceError(
            path, f'must be an object such as {{"optimizer": ["adam"]}}, not {shown(when)}'
        )
    return tuple(
        Clause(_name(path, name), parse_requirement(f"{path}.{label(name)}", wanted))
        for name, wanted in when.items()
    )


def parse_requirement(path: str, wanted: object) -> Requirement:
    """The requirement that a piece of JSON describes. Raises SpaceError."""
    if isinstance(wanted, Mapping):
        return _within(path, wanted)
    if not isinstance(wanted, list | tuple):
        hint = 'or limits such as {"at_least": 3}'
        raise SpaceError(path, f"must be a list of values, {hint}, not {shown(wanted)}")
    if not wanted:
        raise SpaceError(path, "must name at least one value")
    if len(wanted) > MAX_VALUES:
        raise SpaceError(
            path, f"has {counted(len(wanted), 'value')}; at most {MAX_VALUES} are allowed"
        )
    return OneOf(tuple(checks.choice(SpaceError, path, value) for value in wanted))


def _within(path: str, wanted: Mapping[object, object]) -> Within:
    limits: dict[str, float] = {}
    for name, limit in wanted.items():
        if name not in LIMITS:
            hint = did_you_mean(name, LIMITS)
            raise SpaceError(f"{path}.{label(name)}", f"must be {listed(LIMITS, word='or')}{hint}")
        number = checks.number(SpaceError, f"{path}.{name}", limit)
        limits[str(name)] = limit if isinstance(limit, int) else number
    found = Within(**limits)
    if not limits:
        raise SpaceError(path, f"must have {listed(LIMITS, word='or')}")
    if len(limits) == 2 and limits["at_least"] > limits["at_most"]:
        raise SpaceError(f"{path}.at_least", "must not be above at_most")
    return found


def _name(path: str, name: object) -> str:
    if not isinstance(name, str):
        raise SpaceError(path, f"{shown(name)} is not the name of a parameter")
    return name
