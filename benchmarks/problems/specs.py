"""Parameters as a search space writes them, for problems and tables alike."""

from typing import Any

Spec = dict[str, Any]


def real(low: float, high: float, scale: str = "linear", **more: Any) -> Spec:
    """A float."""
    return {"type": "float", "low": low, "high": high, "scale": scale, **more}


def whole(low: int, high: int, scale: str = "linear", **more: Any) -> Spec:
    """An int."""
    return {"type": "int", "low": low, "high": high, "scale": scale, **more}


def one_of(*choices: str | int, **more: Any) -> Spec:
    """A categorical."""
    return {"type": "categorical", "choices": list(choices), **more}


def flag(**more: Any) -> Spec:
    """A bool."""
    return {"type": "bool", **more}
