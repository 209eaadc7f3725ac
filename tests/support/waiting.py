"""Waiting for what other processes do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_SECONDS = 300.0
"""For what takes a second or two: a machine that others keep busy takes many times as long."""


def until(found: Callable[[], T | None]) -> T:
    """What is found, once it is anything or holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (result := found()):
        assert time.monotonic() < deadline, f"not within {PATIENCE_SECONDS:.0f} seconds"
        time.sleep(0.01)
    return result
