"""Values from a list: some choices, yes or no, or a single one."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from caviar.sampler.errors import SpaceError
from caviar.sampler.space import checks
from caviar.sampler.space.parameter import Parameter
from caviar.sampler.text import did_you_mean, listed, shown
from caviar.sampler.values import Value, same

MAX_CHOICES = 1000


@dataclass(frozen=True, kw_only=True)
class Categorical(Parameter):
    """One of some choices, in equal shares: strings, numbers or booleans, all different.

    `ordered` says that the choices are written in their order, so that a search may narrow to some
    that lie side by side.
    """

    type: ClassVar[str] = "categorical"

    choices: tuple[Value, ...]
    ordered: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        choices = self.choices
        if not isinstance(choices, list | tuple):
            raise self._error("choices", f"must be a list, not {shown(choices)}")
        if not 0 < len(choices) <= MAX_CHOICES:
            wanted = f"must have from 1 to {MAX_CHOICES} members"
            raise self._error("choices", f"{wanted}, not {len(choices)}")
        for place, choice in enumerate(choices):
            checks.choice(SpaceError, f"{self.name}.choices[{place}]", choice)
        if len(set(choices)) < len(choices):
            twice = next(c for place, c in enumerate(choices) if c in choices[:place])
            first = next(c for c in choices if c == twice)
            other = "" if shown(first) == shown(twice) else f", the other time as {shown(first)}"
            raise self._error("choices", f"{shown(twice)} is there twice{other}")
        object.__setattr__(self, "choices", tuple(choices))
        if not isinstance(self.ordered, bool):
            raise self._error("ordered", f"must be true or false, not {shown(self.ordered)}")

    @property
    def discrete(self) -> bool:
        """It is."""
        return True

    @property
    def nominal(self) -> bool:
        """Unless the choices are in order."""
        return not self.ordered

    def encode(self, value: Value) -> float:
        """The middle of the choice's share. Raises SpaceError if it is no choice."""
        return (self._place(value) + 0.5) / len(self.choices)

    def decode(self, unit: float) -> Value:
        """The choice whose share this is."""
        place = math.floor(unit * len(self.choices))
        return self.choices[min(max(place, 0), len(self.choices) - 1)]

    def share(self, value: Value) -> float:
        """The same for every choice."""
        return 1 / len(self.choices)

    def check(self, value: object) -> Value:
        """The choice that equals the value."""
        return self.choices[self._place(value)]

    def text(self, value: Value) -> str:
        """A string bare, others as in JSON."""
        return value if isinstance(value, str) else shown(value)

    @cached_property
    def _places(self) -> dict[Value, int]:
        return {choice: place for place, choice in enumerate(self.choices)}

    def _place(self, value: object) -> int:
        if isinstance(value, str | int | float):
            place = self._places.get(value)
            if place is not None and same(self.choices[place], value):
                return place
        few = [shown(choice) for choice in self.choices[:8]]
        known = listed(few + ["…"] * (len(self.choices) > 8), word="or")
        hint = did_you_mean(value, [choice for choice in self.choices if isinstance(choice, str)])
        raise SpaceError(self.name, f"must be {known}, not {shown(value)}{hint}")


@dataclass(frozen=True, kw_only=True)
class Boolean(Parameter):
    """False or true, in equal shares."""

    type: ClassVar[str] = "bool"
    choices: ClassVar[tuple[bool, ...]] = (False, True)

    @property
    def discrete(self) -> bool:
        """It is."""
        return True

    @property
    def nominal(self) -> bool:
        """Neither is more than the other."""
        return True

    def encode(self, value: Value) -> float:
        """The middle of its half."""
        return 0.75 if value else 0.25

    def decode(self, unit: float) -> bool:
        """False in the first half, true in the second."""
        return unit >= 0.5

    def share(self, value: Value) -> float:
        """A half."""
        return 0.5

    def check(self, value: object) -> bool:
        """True or false: 1 is neither."""
        if not isinstance(value, bool):
            raise SpaceError(self.name, f"must be true or false, not {shown(value)}")
        return value

    def text(self, value: Value) -> str:
        """As in JSON."""
        return shown(value)


@dataclass(frozen=True, kw_only=True)
class Constant(Parameter):
    """A single value, which every trial has."""

    type: ClassVar[str] = "constant"

    value: Value

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.choice(SpaceError, f"{self.name}.value", self.value)

    @property
    def discrete(self) -> bool:
        """It is."""
        return True

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The value twice, if it is a number."""
        if isinstance(self.value, str | bool):
            return None
        return self.value, self.value

    def encode(self, value: Value) -> float:
        """The middle."""
        return 0.5

    def decode(self, unit: float) -> Value:
        """The value."""
        return self.value

    def share(self, value: Value) -> float:
        """All."""
        return 1.0

    def check(self, value: object) -> Value:
        """Nothing but the value."""
        if not same(self.value, value):
            raise SpaceError(self.name, f"must be {shown(self.value)}, not {shown(value)}")
        return self.value

    def text(self, value: Value) -> str:
        """A string bare, others as in JSON."""
        return value if isinstance(value, str) else shown(value)
