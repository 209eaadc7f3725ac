"""The array types of the engine, each defined once."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

AnyArray: TypeAlias = NDArray[Any]
"""An array of any dtype, such as raw features as the caller gives them."""

Array: TypeAlias = NDArray[np.floating[Any]]
"""Values of a network: float32 in training, float64 in a gradient check."""

Float32Array: TypeAlias = NDArray[np.float32]
Float64Array: TypeAlias = NDArray[np.float64]
BoolArray: TypeAlias = NDArray[np.bool_]

Indices: TypeAlias = NDArray[np.int64]
"""Positions in another array, or counts."""

Labels: TypeAlias = NDArray[np.int64]
"""Classes 0 … C - 1, one per example."""

Targets: TypeAlias = NDArray[Any]
"""Labels, or float32 values in regression, one per example."""
