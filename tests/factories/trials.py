"""Trials as the service answers with them, without a service."""

from __future__ import annotations

from typing import Any

from caviar.service.contract.schemas import Trial
from caviar.service.contract.states import TrialState


def trial(number: int = 0, value: float | None = None, **changes: Any) -> Trial:
    """A trial that completed, or that runs if it has no value."""
    fields: dict[str, Any] = {
        "number": number,
        "state": TrialState.RUNNING if value is None else TrialState.COMPLETED,
        "params": {
            "learning_rate": 0.01,
            "momentum": 0.99,
            "dropout": 0.25,
            "layers": 2,
            "batch": 64,
            "optimizer": "adam",
        },
        "value": value,
        "epoch": 5,
        "best_epoch": None,
        "metrics": {},
        "round": 0,
        "attempt": 1,
        "worker": None,
        "started_at": None,
        "finished_at": None,
        "reason": None,
        "void": False,
        "void_reason": None,
        "last_epoch": 20,
        "manual": False,
        "parent": None,
        "revision": number + 1,
    }
    return Trial.model_validate(fields | changes)
