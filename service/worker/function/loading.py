"""From `train.py:train` or `package.module:train` to a function of the user's own."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

from caviar.service.worker.function.trial import Trial

Function: TypeAlias = Callable[[Trial], object]

LINES = 5
"""How many lines of a traceback say why something could not be imported."""


class FunctionError(Exception):
    """There is no such function; the message says what is wrong with it."""


def load(reference: str) -> Function:
    """Import the function.

    Raises:
        FunctionError: it cannot be imported, or takes no trial.
    """
    where, colon, name = reference.rpartition(":")
    if not (colon and where and name):
        raise FunctionError(f"{reference!r} is not of the form train.py:train")
    found = getattr(_module(where), name, None)
    if found is None:
        raise FunctionError(f"{where} has no function {name!r}")
    if not callable(found):
        raise FunctionError(f"{name} of {where} is no function, but {type(found).__name__}")
    function: Function = found
    _require_one_argument(function, name)
    return function


def _module(where: str) -> ModuleType:
    try:
        if where.endswith(".py"):
            return _module_of(Path(where).resolve())
        # Our process starts without the current folder on its path; a package of theirs is there.
        sys.path.insert(0, str(Path.cwd()))
        return importlib.import_module(where)
    except FunctionError:
        raise
    except BaseException as error:  # what is imported may do anything, such as sys.exit
        lines = "".join(traceback.format_exception(error)).strip().splitlines()
        raise FunctionError(
            f"{where} cannot be imported: {chr(10).join(lines[-LINES:])}"
        ) from error


def _module_of(file: Path) -> ModuleType:
    """The module of a file, which may import its neighbours, as a script may."""
    if not file.is_file():
        raise FunctionError(f"there is no file {file}")
    sys.path.insert(0, str(file.parent))
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module


def _require_one_argument(function: Any, name: str) -> None:
    try:
        inspect.signature(function).bind(object())
    except TypeError as error:
        raise FunctionError(f"{name} must take a trial, and nothing else: {error}") from None
    except ValueError:
        pass  # a built-in that tells nothing of its arguments
