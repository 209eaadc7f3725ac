"""Parameters in the notation of a search space."""

from typing import Any

Spec = dict[str, Any]


def real(low: float, high: float, scale: str = "linear", **more: Any) -> Spec:
    """The specification of a float."""
    return {"type": "float", "low": low, "high": high, "scale": scale, **more}


def whole(low: int, high: int, scale: str = "linear", **more: Any) -> Spec:
    """The specification of an int."""
    return {"type": "int", "low": low, "high": high, "scale": scale, **more}


def one_of(*choices: str | int, **more: Any) -> Spec:
    """The specification of a categorical."""
    return {"type": "categorical", "choices": list(choices), **more}


def flag(**more: Any) -> Spec:
    """The specification of a bool."""
    return {"type": "bool", **more}
