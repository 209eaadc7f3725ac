"""Rules: the valid values of a hyperparameter. A rule reads a plain value or raises RecipeError."""

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from caviar.engine.errors import RecipeError
from caviar.engine.synonyms import advice_for_value

Setting: TypeAlias = float | int | str | tuple[int, ...]
"""The value of one hyperparameter, as a rule reads it; a flag is a bool, which is an int."""

MAX_SHOWN_CHARACTERS = 40
"""Longer values are cut in messages."""


@dataclass(frozen=True, kw_only=True)
class Number:
    """A finite float between two bounds; an open bound is excluded."""

    low: float = 0.0
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False

    def read(self, name: str, value: object) -> float:
        """The value as a float. Raises RecipeError unless it is a number within the bounds."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise RecipeError(name, f"must be {self}, not {_shown(value)}")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number) or not self._contains(number):
            raise RecipeError(name, f"must be {self}, not {_shown(value)}")
        return number

    def _contains(self, number: float) -> bool:
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
    """An int between two bounds, both included. Neither a bool nor 3.0 is an int."""

    low: int
    high: int

    def read(self, name: str, value: object) -> int:
        """The value itself. Raises RecipeError unless it is an int within the bounds."""
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
        """The value itself. Raises RecipeError unless it is one of the choices."""
        if not isinstance(value, str) or value not in self.choices:
            advice = advice_for_value(name, value, self.choices)
            hint = f"; use {advice}" if advice else ""
            raise RecipeError(name, f"must be {self}, not {_shown(value)}{hint}")
        return value

    def __str__(self) -> str:
        return "one of " + ", ".join(self.choices)


@dataclass(frozen=True)
class Flag:
    """True or false; 0, 1 and strings are refused."""

    def read(self, name: str, value: object) -> bool:
        """The value itself. Raises RecipeError unless it is a bool."""
        if not isinstance(value, bool):
            raise RecipeError(name, f"must be {self}, not {_shown(value)}")
        return value

    def __str__(self) -> str:
        return "true or false"


Rule: TypeAlias = Number | Integer | Choice | Flag


def plain(value: object) -> object:
    """A number or an array of NumPy as Python's numbers and lists; another value as it is."""
    return value.tolist() if isinstance(value, (np.generic, np.ndarray)) else value


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= MAX_SHOWN_CHARACTERS else text[: MAX_SHOWN_CHARACTERS - 3] + "..."
