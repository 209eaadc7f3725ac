"""The public face of Caviar for code of your own: `from caviar import Client`.

Names are imported when they are first used, so that a process that needs only the engine does not
load the client.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caviar.engine import load
    from caviar.service.client import Client
    from caviar.service.contract.errors import (
        CaviarError,
        Conflict,
        Invalid,
        NotFound,
        Unavailable,
        Unreachable,
    )
    from caviar.service.contract.schemas import Report, Result, StudyDefinition
    from caviar.service.worker.function.trial import Trial

_HOMES = {
    "CaviarError": "service.contract.errors",
    "Client": "service.client",
    "Conflict": "service.contract.errors",
    "Invalid": "service.contract.errors",
    "NotFound": "service.contract.errors",
    "Report": "service.contract.schemas",
    "Result": "service.contract.schemas",
    "StudyDefinition": "service.contract.schemas",
    "Trial": "service.worker.function.trial",
    "Unavailable": "service.contract.errors",
    "Unreachable": "service.contract.errors",
    "load": "engine",
}

__all__ = [
    "CaviarError",
    "Client",
    "Conflict",
    "Invalid",
    "NotFound",
    "Report",
    "Result",
    "StudyDefinition",
    "Trial",
    "Unavailable",
    "Unreachable",
    "load",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
