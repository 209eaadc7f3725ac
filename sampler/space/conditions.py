"""Conditions: when a parameter is active, such as `{"optimizer": ["momentum"]}`.

A condition is a tuple of clauses that must all hold. A clause requires a value of one other
parameter: one from a list, `["adam", "momentum"]`, or a number within limits, `{"at_least": 3}`,
`{"at_most": 0.1}` or both. A new kind of requirement is a class with the methods of `Requirement`
and a branch in `parse_requirement`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from caviar.sampler.errors import SpaceError
from caviar.sampler.space import checks
from caviar.sampler.text import (
    choice_text,
    counted,
    did_you_mean,
    exact,
    label,
    listed,
    shown,
)
from caviar.sampler.values import JSON, Params, Setting, same

MAX_VALUES = 1000
LIMITS = ("at_least", "at_most")


class Parent(Protocol):
    """The parameter that a requirement refers to, as far as the requirement needs it."""

    @property
    def discrete(self) -> bool:
        """Whether its values are discrete; otherwise they are a continuum."""

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The least and the largest value; None if the values are not numbers."""

    def check(self, value: object) -> Setting:
        """The value in the type of the parameter. Raises SpaceError for an invalid value."""


class Requirement(Protocol):
    """A requirement of the value of another parameter."""

    def holds(self, value: Setting) -> bool:
        """Whether the value meets the requirement."""

    def check(self, path: str, parent: Parent) -> None:
        """Raise SpaceError, with the path, if no value of the parameter meets the requirement."""

    @property
    def limits(self) -> Sequence[Setting]:
        """The values at which the requirement begins or ceases to hold."""

    def to_json(self) -> JSON:
        """The JSON form."""


@dataclass(frozen=True)
class OneOf:
    """The value is in a list."""

    values: tuple[Setting, ...]

    def holds(self, value: Setting) -> bool:
        """Whether the value is on the list."""
        return any(same(value, member) for member in self.values)

    def check(self, path: str, parent: Parent) -> None:
        """Raise SpaceError unless the parameter can take every value of the list."""
        if not parent.discrete:
            raise SpaceError(path, 'is a float: use limits such as {"at_least": 0.1}, not a list')
        for value in self.values:
            try:
                typed = parent.check(value)
            except SpaceError as error:
                raise SpaceError(path, error.message) from None
            if not same(typed, value):  # a rounded step: no draw equals the value as written
                raise SpaceError(path, f"must be {choice_text(typed)}, not {choice_text(value)}")

    @property
    def limits(self) -> Sequence[Setting]:
        """All of the values."""
        return self.values

    def to_json(self) -> JSON:
        """The list of values."""
        return list(self.values)

    def __str__(self) -> str:
        return f"is {listed([choice_text(value) for value in self.values], word='or')}"


@dataclass(frozen=True)
class Within:
    """The value is a number within the limits, of which one may be missing."""

    at_least: float | None = None
    at_most: float | None = None

    def holds(self, value: Setting) -> bool:
        """Whether the value is a number within the limits."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        above = self.at_least is None or value >= self.at_least
        return above and (self.at_most is None or value <= self.at_most)

    def check(self, path: str, parent: Parent) -> None:
        """Raise SpaceError unless the parameter is a number whose range reaches the limits."""
        bounds = parent.bounds
        if bounds is None:
            raise SpaceError(path, "is not a number: use a list of values")
        low, high = bounds
        if self.at_least is not None and self.at_least > high:
            raise SpaceError(
                f"{path}.at_least",
                f"must be at most {exact(high)}, its largest value",
            )
        if self.at_most is not None and self.at_most < low:
            raise SpaceError(
                f"{path}.at_most",
                f"must be at least {exact(low)}, its least value",
            )

    @property
    def limits(self) -> Sequence[Setting]:
        """The limits that are set."""
        return [limit for limit in (self.at_least, self.at_most) if limit is not None]

    def to_json(self) -> JSON:
        """The limits that are set, by name."""
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
    """A requirement of one other parameter. An inactive parameter meets no requirement."""

    parameter: str
    requirement: Requirement

    def holds(self, params: Params) -> bool:
        """Whether the parameter is active in `params` and meets the requirement."""
        return self.parameter in params and self.requirement.holds(params[self.parameter])

    def __str__(self) -> str:
        return f"{self.parameter} {self.requirement}"


Condition = tuple[Clause, ...]


def parse_condition(path: str, when: object) -> Condition:
    """The clauses of a `when` field. Raises SpaceError with paths below `path`."""
    if not isinstance(when, Mapping):
        raise SpaceError(
            path, f'must be an object such as {{"optimizer": ["adam"]}}, not {shown(when)}'
        )
    return tuple(
        Clause(_name(path, name), parse_requirement(f"{path}.{label(name)}", requirement))
        for name, requirement in when.items()
    )


def parse_requirement(path: str, requirement: object) -> Requirement:
    """The requirement that JSON describes. Raises SpaceError."""
    if isinstance(requirement, Mapping):
        return _within(path, requirement)
    if not isinstance(requirement, list | tuple):
        hint = 'or limits such as {"at_least": 3}'
        raise SpaceError(path, f"must be a list of values, {hint}, not {shown(requirement)}")
    if not requirement:
        raise SpaceError(path, "must name at least one value")
    if len(requirement) > MAX_VALUES:
        raise SpaceError(
            path, f"has {counted(len(requirement), 'value')}; at most {MAX_VALUES} are allowed"
        )
    return OneOf(tuple(checks.choice(SpaceError, path, value) for value in requirement))


def _within(path: str, requirement: Mapping[object, object]) -> Within:
    limits: dict[str, float] = {}
    for name, limit in requirement.items():
        if name not in LIMITS:
            hint = did_you_mean(name, LIMITS)
            raise SpaceError(f"{path}.{label(name)}", f"must be {listed(LIMITS, word='or')}{hint}")
        number = checks.number(SpaceError, f"{path}.{name}", limit)
        limits[str(name)] = limit if isinstance(limit, int) else number
    if not limits:
        raise SpaceError(path, f"must have {listed(LIMITS, word='or')}")
    if len(limits) == 2 and limits["at_least"] > limits["at_most"]:
        raise SpaceError(f"{path}.at_least", "must not be above at_most")
    return Within(**limits)


def _name(path: str, name: object) -> str:
    if not isinstance(name, str):
        raise SpaceError(path, f"must have names of parameters as keys, not {shown(name)}")
    return name
