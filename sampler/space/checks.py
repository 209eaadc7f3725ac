"""Checks of single JSON values, shared by spaces and by the options of samplers and pruners.

Each check returns the value in its proper type, or raises the given error with the path.
"""

import math
from collections.abc import Mapping

from caviar.sampler.errors import InputError
from caviar.sampler.text import exact, label, shown
from caviar.sampler.values import JSON, Setting, plain

MAX_FLOAT = 1e300
MAX_INTEGER = 2**40  # doubles in the unit interval tell all smaller integers apart, on any scale
MAX_TEXT = 200  # characters of a string within a choice
MAX_DEPTH = 8  # lists and objects within each other in a choice
MAX_MEMBERS = 256  # values in a choice, with those in its lists and objects


def number(
    error: type[InputError],
    path: str,
    value: object,
    *,
    low: float = -MAX_FLOAT,
    high: float = MAX_FLOAT,
) -> float:
    """A finite number from low to high, as a float."""
    value = plain(value)
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
    value = plain(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        raise error(path, f"must be a whole number, not {shown(value)}")
    if not low <= value <= high:
        raise error(path, f"must be from {low} to {high}, not {shown(value)}")
    return int(value)


def choice(error: type[InputError], path: str, value: object) -> Setting:
    """A JSON value of bounded size: null, a boolean, a finite number, a string, a list, an object.

    Strings and the names in objects are printable and have at most MAX_TEXT characters. A tuple
    becomes a list, and values of NumPy become Python's.
    """
    members = [0]  # a counter that all levels share
    return _json(error, path, value, depth=0, members=members)


def is_choice(value: object) -> bool:
    """Whether a value is what `choice` accepts."""
    try:
        choice(InputError, "", value)
    except InputError:
        return False
    return True


def _json(
    error: type[InputError], path: str, value: object, *, depth: int, members: list[int]
) -> JSON:
    members[0] += 1
    if members[0] > MAX_MEMBERS:
        raise error(path, f"must have at most {MAX_MEMBERS} values within it")
    value = plain(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(error, path, value)
    if isinstance(value, int | float):
        number(error, path, value)
        return value
    if not isinstance(value, list | tuple | Mapping):
        raise error(path, f"must be JSON: null, a string, a number …, not {shown(value)}")
    if depth == MAX_DEPTH:
        raise error(path, f"must have at most {MAX_DEPTH} lists and objects within each other")
    if isinstance(value, Mapping):
        named: dict[str, JSON] = {}
        for name, member in value.items():
            where = f"{path}.{label(name)}"
            if not isinstance(name, str):
                raise error(where, "must have a string as its name")
            named[_text(error, where, name)] = _json(
                error, where, member, depth=depth + 1, members=members
            )
        return named
    return [
        _json(error, f"{path}[{place}]", member, depth=depth + 1, members=members)
        for place, member in enumerate(value)
    ]


def _text(error: type[InputError], path: str, value: str) -> str:
    if len(value) > MAX_TEXT:
        raise error(path, f"must have at most {MAX_TEXT} characters, not {len(value)}")
    if not value.isprintable():
        raise error(path, f"must be printable text, not {shown(value)}")
    return value
