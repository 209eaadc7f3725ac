"""What a hyperparameter's value may be. A rule reads a plain value or says what would be right."""

import math
from dataclasses import dataclass
from typing import TypeAlias

from caviar.engine.errors import RecipeError


@dataclass(frozen=True, kw_only=True)
class Number:
    """A finite float between two ends; an open end is excluded."""

    low: float = 0.0
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False

    def read(self, name: str, value: object) -> float:
        """The value as a float; RecipeError if it is no number or outside."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise RecipeError(name, f"must be {self}, not {_shown(value)}")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number) or not self._holds(number):
            raise RecipeError(name, f"must be {self}, not {_shown(value)}")
        return number

    def _holds(self, number: float) -> bool:
        above = number > self.low if self.low_open else number >= self.low
        below = number < self.high if self.high_open else number <= self.high
        return above and below

    def __str__(self) -> str:
        low = f"above {self.low:g}" if self.low_open else f"at least {self.low:g}"
        if math.isinf(self.high):
            return f"a finite number {low}"
        high = f"below {self.high:g}" if self.high_open else f"at most {self.high:g}"
        return f"a number {low} and {high}"


@dataclass(frozen=True, kw_only=True)
class Integer:
    """An int between two ends, both included. A bool is no int, nor is 3.0."""

    low: int
    high: int

    def read(self, name: str, value: object) -> int:
        """The value itself; RecipeError if it is no int or outside."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise RecipeError(name, f"must be {self}, not {_shown(value)}")
        if not self.low <= value <= self.high:
            raise RecipeError(name, f"must be {self}, not {_shown(value)}")
        return value

    def __str__(self) -> str:
        return f"an integer from {self.low} to {self.high}"


@dataclass(frozen=True)
class Choice:
    """One of a few names."""

    choices: tuple[str, ...]

    def read(self, name: str, value: object) -> str:
        """The value itself; RecipeError if it is none of the choices."""
        if not isinstance(value, str) or value not in self.choices:
            raise RecipeError(name, f"must be {self}, not {_shown(value)}")
        return value

    def __str__(self) -> str:
        return "one of " + ", ".join(self.choices)


@dataclass(frozen=True)
class Flag:
    """True or false, and nothing that merely looks like it."""

    def read(self, name: str, value: object) -> bool:
        """The value itself; RecipeError if it is no bool."""
        if not isinstance(value, bool):
            raise RecipeError(name, f"must be {self}, not {_shown(value)}")
        return value

    def __str__(self) -> str:
        return "true or false"


Rule: TypeAlias = Number | Integer | Choice | Flag


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
