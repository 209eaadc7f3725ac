"""Definitions of small studies."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

MOMENTUM_SPACE: dict[str, Any] = {
    "learning_rate": {"type": "float", "low": 0.0001, "high": 1.0, "scale": "log"},
    "momentum": {"type": "float", "low": 0.9, "high": 0.999, "scale": "reverse_log"},
}

HALVING = {"kind": "successive_halving", "eta": 3, "min_epochs": 2}

KINDS: list[dict[str, Any]] = [
    HALVING,
    {"kind": "hyperband", "eta": 3, "min_epochs": 1},
    {"kind": "median", "min_epochs": 3, "min_trials": 3},
]
"""A pruner of each kind whose table does not depend on the speed of workers."""


def external(name: str = "outside", *, trials: int = 10, **changes: Any) -> dict[str, Any]:
    """A study whose caller trains; it minimizes unless its metric says otherwise."""
    made = {
        "name": name,
        "space": deepcopy(MOMENTUM_SPACE),
        "objective": {"kind": "external"},
        "sampler": {"kind": "random"},
        "budget": {"trials": trials},
        **changes,
    }
    return made if "metric" in made["objective"] else {"direction": "minimize", **made}


def network(name: str = "inside", *, trials: int = 6, **changes: Any) -> dict[str, Any]:
    """A study of small networks."""
    return {
        "name": name,
        "space": deepcopy(MOMENTUM_SPACE),
        "objective": {
            "kind": "network",
            "dataset": "wine",
            "epochs": 3,
            "settings": {"optimizer": "momentum", "hidden_units": 8},
        },
        "sampler": {"kind": "random"},
        "budget": {"trials": trials},
        **changes,
    }


def halving(name: str, *, trials: int = 9, **changes: Any) -> dict[str, Any]:
    """A study of small networks for up to 18 epochs, pruned at 2 and 6."""
    made = network(name, trials=trials, **{"pruner": HALVING, **changes})
    made["objective"]["epochs"] = 18
    return made
