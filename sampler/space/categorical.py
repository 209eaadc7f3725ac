"""Parameters with listed values: choices, booleans and constants."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from caviar.sampler.errors import SpaceError
from caviar.sampler.space import checks
from caviar.sampler.space.parameter import Parameter
from caviar.sampler.text import did_you_mean, listed, shown
from caviar.sampler.values import Setting, same

MAX_CHOICES = 1000
MAX_LISTED = 8  # choices in an error message


@dataclass(frozen=True, kw_only=True)
class Categorical(Parameter):
    """One of several choices, in equal shares: distinct strings, numbers or booleans.

    With `ordered`, the choices are listed in their order, and a search may narrow to neighbours.
    """

    type: ClassVar[str] = "categorical"

    choices: tuple[Setting, ...]
    ordered: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        choices = self.choices
        if not isinstance(choices, list | tuple):
            raise self._error("choices", f"must be a list, not {shown(choices)}")
        if not 0 < len(choices) <= MAX_CHOICES:
            allowed = f"must have from 1 to {MAX_CHOICES} members"
            raise self._error("choices", f"{allowed}, not {len(choices)}")
        for place, choice in enumerate(choices):
            checks.choice(SpaceError, f"{self.name}.choices[{place}]", choice)
        if len(set(choices)) < len(choices):
            twice = next(c for place, c in enumerate(choices) if c in choices[:place])
            first = next(c for c in choices if c == twice)
            other = "" if shown(first) == shown(twice) else f" (it equals {shown(first)})"
            raise self._error("choices", f"duplicate choice {shown(twice)}{other}")
        object.__setattr__(self, "choices", tuple(choices))
        if not isinstance(self.ordered, bool):
            raise self._error("ordered", f"must be true or false, not {shown(self.ordered)}")

    @property
    def discrete(self) -> bool:
        """True."""
        return True

    @property
    def nominal(self) -> bool:
        """Whether the choices are unordered."""
        return not self.ordered

    def encode(self, value: Setting) -> float:
        """The middle of the share of the choice. Raises SpaceError for any other value."""
        return (self._index(value) + 0.5) / len(self.choices)

    def decode(self, unit: float) -> Setting:
        """The choice whose share contains the point."""
        place = math.floor(unit * len(self.choices))
        return self.choices[min(max(place, 0), len(self.choices) - 1)]

    def share(self, value: Setting) -> float:
        """The share of a choice, equal for all."""
        return 1 / len(self.choices)

    def check(self, value: object) -> Setting:
        """The choice that equals the value. Raises SpaceError if there is none."""
        return self.choices[self._index(value)]

    def text(self, value: Setting) -> str:
        """A string without quotes, other values as in JSON."""
        return value if isinstance(value, str) else shown(value)

    @cached_property
    def _indices(self) -> dict[Setting, int]:
        return {choice: place for place, choice in enumerate(self.choices)}

    def _index(self, value: object) -> int:
        if isinstance(value, str | int | float):
            place = self._indices.get(value)
            if place is not None and same(self.choices[place], value):
                return place
        first = [shown(choice) for choice in self.choices[:MAX_LISTED]]
        known = listed(first + ["…"] * (len(self.choices) > MAX_LISTED), word="or")
        hint = did_you_mean(value, [choice for choice in self.choices if isinstance(choice, str)])
        raise SpaceError(self.name, f"must be {known}, not {shown(value)}{hint}")


@dataclass(frozen=True, kw_only=True)
class Boolean(Parameter):
    """False or true, in equal shares."""

    type: ClassVar[str] = "bool"
    choices: ClassVar[tuple[bool, ...]] = (False, True)

    @property
    def discrete(self) -> bool:
        """True."""
        return True

    @property
    def nominal(self) -> bool:
        """True."""
        return True

    def encode(self, value: Setting) -> float:
        """The middle of the half of the value."""
        return 0.75 if value else 0.25

    def decode(self, unit: float) -> bool:
        """False in the lower half, true in the upper."""
        return unit >= 0.5

    def share(self, value: Setting) -> float:
        """One half."""
        return 0.5

    def check(self, value: object) -> bool:
        """The value. Raises SpaceError unless it is true or false; 1 is invalid."""
        if not isinstance(value, bool):
            raise SpaceError(self.name, f"must be true or false, not {shown(value)}")
        return value

    def text(self, value: Setting) -> str:
        """The value as in JSON."""
        return shown(value)


@dataclass(frozen=True, kw_only=True)
class Constant(Parameter):
    """A single value, the same in every trial."""

    type: ClassVar[str] = "constant"

    value: Setting

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.choice(SpaceError, f"{self.name}.value", self.value)

    @property
    def discrete(self) -> bool:
        """True."""
        return True

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The value as both ends; None if it is not a number."""
        if isinstance(self.value, str | bool):
            return None
        return self.value, self.value

    def encode(self, value: Setting) -> float:
        """The middle of the unit interval."""
        return 0.5

    def decode(self, unit: float) -> Setting:
        """The constant."""
        return self.value

    def share(self, value: Setting) -> float:
        """The whole unit interval."""
        return 1.0

    def check(self, value: object) -> Setting:
        """The constant. Raises SpaceError for any other value."""
        if not same(self.value, value):
            raise SpaceError(self.name, f"must be {shown(self.value)}, not {shown(value)}")
        return self.value

    def text(self, value: Setting) -> str:
        """A string without quotes, other values as in JSON."""
        return value if isinstance(value, str) else shown(value)
