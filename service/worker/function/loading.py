"""From a reference to a function: `train.py:train`, `package.module:train` or `pickle:PATH`."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias, cast

from caviar.service.worker.function import pickled
from caviar.service.worker.function.errors import FunctionError
from caviar.service.worker.function.trial import Trial

Function: TypeAlias = Callable[[Trial], object]

SCRIPT = "__mp_main__"
"""The name by which processes that multiprocessing spawns know the script of their parent."""


def load(reference: str) -> Function:
    """Import or unpickle the function.

    Raises:
        FunctionError: it cannot be imported, or takes no trial.
    """
    if reference.startswith(pickled.PREFIX):
        where = reference.removeprefix(pickled.PREFIX)
        function = pickled.load(where)
        name = getattr(function, "__name__", type(function).__name__)
    else:
        where, colon, name = reference.rpartition(":")
        if not (colon and where and name):
            raise FunctionError(f"{reference!r} is not of the form train.py:train")
        function = getattr(_module(where), name, None)
        if function is None:
            raise FunctionError(f"{where} has no function {name!r}")
    if not callable(function):
        raise FunctionError(f"{name} of {where} is no function, but {type(function).__name__}")
    _require_one_argument(function, name)
    return cast(Function, function)


def _module(where: str) -> ModuleType:
    try:
        if where.endswith(".py"):
            return _module_of(Path(where).resolve())
        # This process starts without the current folder on its path, where their package may be.
        sys.path.insert(0, str(Path.cwd()))
        return importlib.import_module(where)
    except FunctionError:
        raise
    except BaseException as error:  # what is imported may do anything, such as sys.exit
        raise FunctionError.of(f"{where} cannot be imported", error) from error


def _module_of(file: Path) -> ModuleType:
    """The module of a file, which may import its neighbours, as a script may."""
    if not file.is_file():
        raise FunctionError(f"there is no file {file}")
    sys.path.insert(0, str(file.parent))
    name = _module_name(file)
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _module_name(file: Path) -> str:
    """The name for a file's module: that of the file, by which other processes import it.

    A file that is called like a module that is loaded already, such as `caviar.py`, must not
    replace that module. It becomes the script of this process: processes that multiprocessing
    spawns load it, too. (Those of joblib load no script; the file needs another name for them.)
    """
    if file.stem not in sys.modules:
        return file.stem
    sys.modules["__main__"].__file__ = str(file)
    return SCRIPT


def _require_one_argument(function: Any, name: str) -> None:
    try:
        inspect.signature(function).bind(object())
    except TypeError as error:
        raise FunctionError(f"{name} must take a trial, and nothing else: {error}") from None
    except ValueError:
        pass  # a built-in function whose signature is unknown
