"""The shared types of the sampler, each defined once."""

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Setting: TypeAlias = bool | int | float | str
"""One value of one parameter."""

Params: TypeAlias = Mapping[str, Setting]
"""One value for each active parameter, by name."""

Box: TypeAlias = dict[str, tuple[float, float]]
"""An interval for each parameter, in the unit interval of its scale."""

Floats: TypeAlias = NDArray[np.float64]
Rows: TypeAlias = NDArray[np.intp]
"""Row numbers of a matrix."""

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"


def same(first: object, second: object) -> bool:
    """Whether two values are the same choice: 1 and 1.0 are, 1 and true are not."""
    return first == second and isinstance(first, bool) == isinstance(second, bool)
