"""Checks of single JSON values, shared by spaces and by the options of samplers and pruners.

Each check returns the value in its proper type, or raises the given error with the path.
"""

import math

from caviar.sampler.errors import InputError
from caviar.sampler.text import exact, shown
from caviar.sampler.values import Setting

MAX_FLOAT = 1e300
MAX_INTEGER = 2**40  # doubles in the unit interval tell all smaller integers apart, on any scale
MAX_TEXT = 200


def number(
    error: type[InputError],
    path: str,
    value: object,
    *,
    low: float = -MAX_FLOAT,
    high: float = MAX_FLOAT,
) -> float:
    """A finite number from low to high, as a float."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise error(path, f"must be a number, not {shown(value)}")
    if isinstance(value, float) and not math.isfinite(value):
        raise error(path, f"must be a finite number, not {shown(value)}")
    if not low <= value <= high:
        raise error(path, f"must be from {exact(low)} to {exact(high)}, not {shown(value)}")
    return float(value)


def integer(
    error: type[InputError],
    path: str,
    value: object,
    *,
    low: int = -MAX_INTEGER,
    high: int = MAX_INTEGER,
) -> int:
    """A whole number from low to high, as an int. 3.0 is valid; 3.5 and true are not."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise error(path, f"must be a whole number, not {shown(value)}")
    if not low <= value <= high:
        raise error(path, f"must be from {low} to {high}, not {shown(value)}")
    return int(value)


def choice(error: type[InputError], path: str, value: object) -> Setting:
    """A printable string of at most MAX_TEXT characters, a finite number, or a boolean."""
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise error(path, f"must have at most {MAX_TEXT} characters, not {len(value)}")
        if not value.isprintable():
            raise error(path, f"must be printable text, not {shown(value)}")
        return value
    if not isinstance(value, int | float):
        raise error(path, f"must be a string, a number or a boolean, not {shown(value)}")
    if not isinstance(value, bool):
        number(error, path, value)
    return value
