"""The array types that the engine speaks."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.floating[Any]]
"""Numbers of a network: float32 in training, float64 in a gradient check."""

Labels: TypeAlias = NDArray[np.int64]
"""Classes 0 … C - 1, one per example."""

Targets: TypeAlias = NDArray[Any]
"""Labels, or float32 in regression: what a network should say, one per example."""
