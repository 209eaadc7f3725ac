"""The public names of Caviar: `from caviar import Client`.

A name is imported when it is first used: `import caviar` is fast, and a process that uses only the
engine does not load the client.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caviar import callbacks, nn
    from caviar.engine import load
    from caviar.engine.errors import DatasetError
    from caviar.engine.estimator import CaviarClassifier, CaviarRegressor
    from caviar.engine.trained import Trained
    from caviar.errors import CaviarError
    from caviar.service.client import Client
    from caviar.service.client.async_client import AsyncClient
    from caviar.service.client.study import Study
    from caviar.service.contract.errors import (
        Conflict,
        Invalid,
        NotFound,
        OutOfSpace,
        Refused,
        Unavailable,
        Unreachable,
    )
    from caviar.service.contract.schemas import Report, Result, StudyDefinition
    from caviar.service.local.functions import maximize, minimize
    from caviar.service.local.search_cv import CaviarSearchCV
    from caviar.service.local.searches import NothingCompleted, studies, study
    from caviar.service.local.spaces import (
        Space,
        boolean,
        choice,
        constant,
        integer,
        log,
        log_integer,
        ordered,
        reverse_log,
        space,
        uniform,
    )
    from caviar.service.local.tables import search
    from caviar.service.local.training import train
    from caviar.service.worker.function.trial import Trial

_MODULES = {
    "AsyncClient": "service.client.async_client",
    "CaviarClassifier": "engine.estimator",
    "CaviarError": "errors",
    "CaviarRegressor": "engine.estimator",
    "CaviarSearchCV": "service.local.search_cv",
    "Client": "service.client",
    "Conflict": "service.contract.errors",
    "DatasetError": "engine.errors",
    "Invalid": "service.contract.errors",
    "NotFound": "service.contract.errors",
    "NothingCompleted": "service.local.searches",
    "OutOfSpace": "service.contract.errors",
    "Refused": "service.contract.errors",
    "Report": "service.contract.schemas",
    "Result": "service.contract.schemas",
    "Space": "service.local.spaces",
    "Study": "service.client.study",
    "StudyDefinition": "service.contract.schemas",
    "Trained": "engine.trained",
    "Trial": "service.worker.function.trial",
    "Unavailable": "service.contract.errors",
    "Unreachable": "service.contract.errors",
    "boolean": "service.local.spaces",
    "choice": "service.local.spaces",
    "constant": "service.local.spaces",
    "integer": "service.local.spaces",
    "load": "engine",
    "log": "service.local.spaces",
    "log_integer": "service.local.spaces",
    "maximize": "service.local.functions",
    "minimize": "service.local.functions",
    "ordered": "service.local.spaces",
    "reverse_log": "service.local.spaces",
    "search": "service.local.tables",
    "space": "service.local.spaces",
    "studies": "service.local.searches",
    "study": "service.local.searches",
    "train": "service.local.training",
    "uniform": "service.local.spaces",
}
_SUBMODULES = ("callbacks", "nn")

__all__ = [
    "AsyncClient",
    "CaviarClassifier",
    "CaviarError",
    "CaviarRegressor",
    "CaviarSearchCV",
    "Client",
    "Conflict",
    "DatasetError",
    "Invalid",
    "NotFound",
    "NothingCompleted",
    "OutOfSpace",
    "Refused",
    "Report",
    "Result",
    "Space",
    "Study",
    "StudyDefinition",
    "Trained",
    "Trial",
    "Unavailable",
    "Unreachable",
    "boolean",
    "callbacks",
    "choice",
    "constant",
    "integer",
    "load",
    "log",
    "log_integer",
    "maximize",
    "minimize",
    "nn",
    "ordered",
    "reverse_log",
    "search",
    "space",
    "studies",
    "study",
    "train",
    "uniform",
]


if not TYPE_CHECKING:  # a type checker that saw it would accept any name

    def __getattr__(name: str) -> Any:
        if name in _SUBMODULES:
            return import_module(f"{__name__}.{name}")
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
