"""Parameters with listed values: choices, booleans and constants."""

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from caviar.sampler.errors import SpaceError
from caviar.sampler.space import checks
from caviar.sampler.space.parameter import Parameter
from caviar.sampler.text import choice_text, did_you_mean, is_short, listed, number, shown
from caviar.sampler.values import Setting, identity, plain, same

MAX_CHOICES = 1000
MAX_LISTED = 8  # choices in an error message
DIGITS = 4, 6, 9, 17  # of long numbers, the first that tell choices apart


@dataclass(frozen=True, kw_only=True)
class Categorical(Parameter):
    """One of several choices, in equal shares: distinct values, of any JSON.

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
        checked = tuple(
            checks.choice(SpaceError, f"{self.name}.choices[{place}]", choice)
            for place, choice in enumerate(choices)
        )
        self._check_distinct(checked)
        object.__setattr__(self, "choices", checked)
        if not isinstance(self.ordered, bool):
            raise self._error("ordered", f"must be true or false, not {shown(self.ordered)}")

    def _check_distinct(self, choices: tuple[Setting, ...]) -> None:
        firsts: dict[Hashable, str] = {}
        for choice in choices:
            text, key = choice_text(choice), identity(choice)
            if key in firsts:
                other = "" if text == firsts[key] else f" (it equals {firsts[key]})"
                raise self._error("choices", f"duplicate choice {text}{other}")
            firsts[key] = text

    @property
    def discrete(self) -> bool:
        """True."""
        return True

    @property
    def count(self) -> int:
        """The number of choices."""
        return len(self.choices)

    def values(self) -> Iterable[Setting]:
        """The choices."""
        return self.choices

    @property
    def nominal(self) -> bool:
        """Whether the choices are unordered."""
        return not self.ordered

    def encode(self, value: Setting) -> float:
        """The middle of the share of the choice. Raises SpaceError for any other value."""
        return (self.index(value) + 0.5) / len(self.choices)

    def decode(self, unit: float) -> Setting:
        """The choice whose share contains the point."""
        place = math.floor(unit * len(self.choices))
        return self.choices[min(max(place, 0), len(self.choices) - 1)]

    def share(self, value: Setting) -> float:
        """The share of a choice, equal for all."""
        return 1 / len(self.choices)

    def check(self, value: object) -> Setting:
        """The choice that equals the value. Raises SpaceError if there is none."""
        return self.choices[self.index(value)]

    def text(self, value: Setting) -> str:
        """As in JSON, but strings without quotes, and long numbers with the digits that matter."""
        if isinstance(value, float) and not is_short(value):
            others = [choice for choice in self.choices if isinstance(choice, float)]
            for digits in DIGITS:
                if len({number(other, digits) for other in others}) == len(others):
                    return number(value, digits)
        return value if isinstance(value, str) else choice_text(value)

    def index(self, value: object) -> int:
        """The place of a choice among the choices. Raises SpaceError for any other value."""
        value = plain(value)
        if isinstance(value, str | int | float) or checks.is_choice(value):
            place = self._indices.get(identity(value))
            if place is not None:
                return place
        first = [choice_text(choice) for choice in self.choices[:MAX_LISTED]]
        known = listed(first + ["…"] * (len(self.choices) > MAX_LISTED), word="or")
        hint = did_you_mean(value, [choice for choice in self.choices if isinstance(choice, str)])
        raise SpaceError(self.name, f"must be {known}, not {choice_text(value)}{hint}")

    @cached_property
    def _indices(self) -> dict[Hashable, int]:
        return {identity(choice): place for place, choice in enumerate(self.choices)}


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
    def count(self) -> int:
        """Two."""
        return 2

    def values(self) -> Iterable[Setting]:
        """False and true."""
        return self.choices

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
        value = plain(value)
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
        value = checks.choice(SpaceError, f"{self.name}.value", self.value)
        object.__setattr__(self, "value", value)

    @property
    def discrete(self) -> bool:
        """True."""
        return True

    @property
    def count(self) -> int:
        """One."""
        return 1

    def values(self) -> Iterable[Setting]:
        """The constant."""
        return (self.value,)

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The value as both ends; None if it is not a number."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
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
        value = plain(value)
        if not checks.is_choice(value) or not same(self.value, value):
            known, given = choice_text(self.value), choice_text(value)
            raise SpaceError(self.name, f"must be {known}, not {given}")
        return self.value

    def text(self, value: Setting) -> str:
        """A string without quotes, other values as in JSON."""
        return value if isinstance(value, str) else choice_text(value)
