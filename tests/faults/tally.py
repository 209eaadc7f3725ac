"""How often each fault happens, and what was done of each in the end."""

from __future__ import annotations

import os
from collections import Counter

FAULTS = int(os.environ.get("CAVIAR_FAULTS", "1"))
"""How often each fault happens on each database; `make faults` says more."""

done: Counter[tuple[str, str]] = Counter()
"""By fault and database, how often it was done and left nothing broken."""


def count(fault: str, database: str, times: int = 1) -> None:
    """A fault was done so many times, and checked."""
    done[fault, database] += times


def lines() -> list[str]:
    """A line for each fault, with how often it was done on each database."""
    faults = sorted({fault for fault, _ in done})
    width = max(map(len, faults), default=0)
    kinds = ("sqlite", "postgresql")
    return [
        f"{fault:{width}}  " + "  ".join(f"{kind} {done[fault, kind]:4}" for kind in kinds)
        for fault in faults
    ]
