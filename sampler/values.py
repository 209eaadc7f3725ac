"""The shared types of the sampler, each defined once, and when two values are the same choice."""

from collections.abc import Hashable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

JSON: TypeAlias = bool | int | float | str | list["JSON"] | dict[str, "JSON"] | None

Setting: TypeAlias = JSON
"""One value of one parameter: a number, or any JSON that is one of its choices."""

Params: TypeAlias = Mapping[str, Setting]
"""One value for each active parameter, by name."""

Box: TypeAlias = dict[str, tuple[float, float]]
"""An interval for each parameter, in the unit interval of its scale."""

Floats: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = NDArray[np.intp]
"""Row numbers of a matrix."""


def same(first: object, second: object) -> bool:
    """Whether two values are the same choice: 1 and 1.0 are, 1 and true are not.

    Lists and objects are compared member by member.
    """
    if isinstance(first, list | tuple | Mapping) or isinstance(second, list | tuple | Mapping):
        return identity(first) == identity(second)
    return first == second and isinstance(first, bool) == isinstance(second, bool)


def identity(value: object) -> Hashable:
    """A hashable stand-in for a JSON value, equal for values that are the same choice."""
    if isinstance(value, bool):
        return bool, value
    if isinstance(value, list | tuple):
        return list, tuple(identity(member) for member in value)
    if isinstance(value, Mapping):
        return dict, frozenset((name, identity(member)) for name, member in value.items())
    return value


def params_identity(params: Params) -> Hashable:
    """A hashable stand-in for params, equal for params with the same values."""
    return frozenset((name, identity(value)) for name, value in params.items())


def plain(value: object) -> object:
    """A scalar or an array of NumPy as Python's own value; anything else as it is."""
    if isinstance(value, np.generic):
        return value.item()
    return value.tolist() if isinstance(value, np.ndarray) else value


def real(value: Setting) -> float:
    """A value of a numeric parameter as a float."""
    assert isinstance(value, int | float)
    return float(value)
