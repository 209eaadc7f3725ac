"""Scalars of other libraries, such as NumPy, pandas and PyTorch, as Python's own numbers.

None of these libraries is imported, nor pydantic: the process of a user's function uses this file.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

OWN = (float, int, bool, str, type(None))
"""The types whose values are as they should be, or are refused."""

logger = logging.getLogger("caviar")


def plain_number(value: Any) -> Any:
    """A scalar, or an array of one element, as a number; anything else as it is."""
    if type(value) in OWN:
        return value
    item = getattr(value, "item", None)
    if callable(item):
        try:
            return item()
        except (RuntimeError, TypeError, ValueError):
            return value  # several elements
    return float(value) if isinstance(value, Real) else value


def finite_metrics(metrics: Any) -> Any:
    """Metrics as numbers, without those that are NaN or infinite, which the log tells.

    They say nothing of the trial: whether it has diverged depends on its objective's metric alone.
    """
    if not isinstance(metrics, Mapping) or all(map(_is_finite_float, metrics.values())):
        return metrics
    plain = {name: plain_number(value) for name, value in metrics.items()}
    lost = [name for name, value in plain.items() if _is_float(value) and not math.isfinite(value)]
    if lost:
        logger.warning("left out because they are NaN or infinite: %s", ", ".join(map(str, lost)))
    return {name: value for name, value in plain.items() if name not in lost}


def _is_float(value: Any) -> bool:
    return type(value) is float


def _is_finite_float(value: Any) -> bool:
    return type(value) is float and math.isfinite(value)
