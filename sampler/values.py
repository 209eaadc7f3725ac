"""What a parameter's value can be. The shared types of the room are named here, once."""

from collections.abc import Mapping
from typing import TypeAlias

Value: TypeAlias = bool | int | float | str
Params: TypeAlias = Mapping[str, Value]

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"


def same(one: object, other: object) -> bool:
    """Whether two values are the same choice: 1 and 1.0 are, 1 and true are not."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)
