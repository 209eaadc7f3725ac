"""The public names of Caviar: `from caviar import Client`.

A name is imported when it is first used: `import caviar` is fast, and a process that uses only the
engine does not load the client.
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
        OutOfSpace,
        Refused,
        Unavailable,
        Unreachable,
    )
    from caviar.service.contract.schemas import Report, Result, StudyDefinition
    from caviar.service.worker.function.trial import Trial

_MODULES = {
    "CaviarError": "service.contract.errors",
    "Client": "service.client",
    "Conflict": "service.contract.errors",
    "Invalid": "service.contract.errors",
    "NotFound": "service.contract.errors",
    "OutOfSpace": "service.contract.errors",
    "Refused": "service.contract.errors",
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
    "OutOfSpace",
    "Refused",
    "Report",
    "Result",
    "StudyDefinition",
    "Trial",
    "Unavailable",
    "Unreachable",
    "load",
]


if not TYPE_CHECKING:  # a type checker that saw it would accept any name

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
