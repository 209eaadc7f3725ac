"""Definitions of studies whose trials a function trains."""

from __future__ import annotations

from typing import Any

from tests.factories.studies import external


def study(name: str = "outside", *, epochs: int = 9, trials: int = 1, **changes: Any) -> Any:
    """A study whose trials a function trains."""
    objective = {"kind": "external", "epochs": epochs, "metric": "loss"}
    objective |= changes.pop("objective", {})
    return external(name, trials=trials, objective=objective, **changes)
