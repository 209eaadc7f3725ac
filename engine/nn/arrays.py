"""Arrays as callers give them, turned into those that the engine works on in place."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from caviar.engine.arrays import Array, Labels


def floats(values: ArrayLike, name: str = "values", *, dimensions: int | None = None) -> Array:
    """A copy in floating point: float32 stays so, whole numbers become float64.

    Raises ValueError unless they are numbers, in an array of so many dimensions.
    """
    array: Any = np.array(values)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must be numbers, not {array.dtype}")
    if dimensions is not None and array.ndim != dimensions:
        raise ValueError(f"{name} must have {dimensions} dimensions, not the shape {array.shape}")
    floating: Array = array if array.dtype.kind == "f" else array.astype(np.float64)
    return floating


def labels(values: ArrayLike, examples: int, classes: int) -> Labels:
    """Classes 0 … C - 1 (m,). Raises ValueError unless they are, one for each example."""
    array = np.asarray(values)
    if array.shape != (examples,):
        raise ValueError(f"labels must be an array ({examples},), not {array.shape}")
    if array.dtype.kind not in "biu" or not ((array >= 0) & (array < classes)).all():
        raise ValueError(f"labels must be whole numbers from 0 to {classes - 1}")
    return array.astype(np.int64)


def same_shape(first: Array, second: Array, names: str) -> None:
    """Raise ValueError unless two arrays have the same shape."""
    if first.shape != second.shape:
        raise ValueError(f"{names} must have one shape, not {first.shape} and {second.shape}")
