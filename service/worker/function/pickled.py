"""Functions as files, for other processes of this machine: `pickle:PATH`.

A function of a script or a notebook, a lambda or a closure has no module that another process could
import. cloudpickle writes such a function by value: its code with what that uses. A function of a
module is written as the name of that module, unless other processes would not find it.
"""

from __future__ import annotations

import functools
import inspect
import json
import os
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from caviar.service.contract.errors import Invalid
from caviar.service.contract.texts import keep_start
from caviar.service.worker.function.errors import FunctionError

PREFIX = "pickle:"
"""What a reference begins with, in place of `train.py:train`."""

MAGIC = b"\x89caviar function\n"
"""What a file begins with. A line of JSON follows, and the pickle."""

NO_FILE = "<dynamic-code>"
"""The name that cloudpickle gives to the file of a function's code."""

MAX_DEPTH = 6
"""How deep something is searched for what cannot be pickled."""

MESSAGE_CHARACTERS = 300


def dump(function: Callable[..., object], path: Path | str) -> str:
    """Write a function to a file; returns the reference of it, for `caviar work --objective`.

    The current folder and the path of modules are kept with it, so that it imports and opens in
    another process what it does in this one.

    Raises:
        Invalid: it cannot be pickled; names what it uses that cannot.
        OSError: the file cannot be written.
    """
    file = Path(path).absolute()
    header = {
        "python": list(sys.version_info[:2]),
        "folder": os.getcwd(),
        "file": getattr(getattr(function, "__code__", None), "co_filename", None),
        "path": [os.path.abspath(entry or os.curdir) for entry in sys.path],
    }
    content = MAGIC + json.dumps(header).encode() + b"\n" + _pickled(function)
    # A process that loads the file meanwhile sees the old function or the new one.
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)
    return f"{PREFIX}{file}"


def load(path: Path | str) -> Any:
    """The function in a file that `dump` has written: reading it runs code that it holds.

    Changes the current folder and the path of modules of this process to those of the writer.

    Raises:
        FunctionError: there is no such file, or it cannot be read here.
    """
    file = Path(path).absolute()
    try:
        content = file.read_bytes()
    except OSError as error:
        raise FunctionError(f"{file} cannot be read: {error.strerror}") from error
    if not content.startswith(MAGIC):
        raise FunctionError(f"{file} is not a function that Caviar has written")
    line, _, pickled = content[len(MAGIC) :].partition(b"\n")
    header = json.loads(line)
    version = "{}.{}".format(*header["python"])
    if header["python"] != list(sys.version_info[:2]):
        here = "{}.{}".format(*sys.version_info[:2])
        raise FunctionError(f"the function was written by Python {version}, and this is {here}")
    sys.path[:] = [*header["path"], *(entry for entry in sys.path if entry not in header["path"])]
    if os.path.isdir(header["folder"]):
        os.chdir(header["folder"])
    try:
        import cloudpickle

        function = cloudpickle.loads(pickled)
        if header.get("file"):
            _name_file(function, header["file"])
        return function
    except BaseException as error:  # what is imported may do anything, such as sys.exit
        raise FunctionError.of("the function cannot be loaded", error) from error


def _name_file(function: Any, file: str) -> None:
    """Give a function that was written by value the file that it is from, for tracebacks.

    Newer versions of cloudpickle leave the names of files out. The functions and classes that it
    uses have the same file, unless they are from a notebook, whose cells no process can read.
    """
    found = [function, *getattr(function, "__globals__", {}).values()]
    for value in found:
        for part in (value, *(vars(value).values() if isinstance(value, type) else ())):
            if isinstance(part, types.FunctionType):
                part.__code__ = _with_file(part.__code__, file)


def _with_file(code: types.CodeType, file: str) -> types.CodeType:
    if code.co_filename != NO_FILE:
        return code
    constants = tuple(
        _with_file(constant, file) if isinstance(constant, types.CodeType) else constant
        for constant in code.co_consts
    )
    return code.replace(co_filename=file, co_consts=constants)


def _pickled(function: Callable[..., object]) -> bytes:
    import cloudpickle

    module = sys.modules.get(getattr(function, "__module__", None) or "")
    by_value = (
        module is not None
        and module.__name__ not in cloudpickle.list_registry_pickle_by_value()
        and not _is_importable(module)
    )
    if by_value:
        cloudpickle.register_pickle_by_value(module)
    try:
        pickled: bytes = cloudpickle.dumps(function)
        return pickled
    except Exception as error:
        raise Invalid.field("function", _why_not(function, error)) from error
    finally:
        if by_value:
            cloudpickle.unregister_pickle_by_value(module)


def _is_importable(module: types.ModuleType) -> bool:
    """Whether another process finds the same module by its name."""
    name, where = "", None
    spec = None
    for part in module.__name__.split("."):
        name = f"{name}.{part}" if name else part
        found = (finder.find_spec(name, where, None) for finder in sys.meta_path)
        spec = next((spec for spec in found if spec is not None), None)
        if spec is None:
            return False
        where = spec.submodule_search_locations
    file = getattr(module, "__file__", None)
    if file is None or spec is None or spec.origin is None or not os.path.exists(spec.origin):
        return True
    return os.path.exists(file) and os.path.samefile(spec.origin, file)


def _why_not(function: Callable[..., object], error: Exception) -> str:
    """Why a function cannot be pickled, with the name of what it uses that cannot."""
    said = keep_start(f"{error}", MESSAGE_CHARACTERS)
    found = _culprit(function, depth=0, seen=set())
    if found is None or not found[0]:
        return f"cannot be sent to other processes: {said}"
    names, value = found
    used = ".".join(names)
    return (
        f"cannot be sent to other processes, because it uses {used} "
        f"({_type_of(value)}): {said}. Make it inside the function"
    )


def _culprit(value: object, *, depth: int, seen: set[int]) -> tuple[list[str], object] | None:
    """The innermost thing that cannot be pickled, by the names that lead to it; None if it can."""
    if id(value) in seen or _can_be_pickled(value):
        return None
    seen.add(id(value))
    if depth < MAX_DEPTH:
        for name, part in _parts(value):
            if found := _culprit(part, depth=depth + 1, seen=seen):
                names, inner = found
                return [name, *names] if name else names, inner
    return [], value


def _can_be_pickled(value: object) -> bool:
    import cloudpickle

    try:
        cloudpickle.dumps(value)
    except Exception:
        return False
    return True


def _parts(value: Any) -> Iterator[tuple[str, object]]:
    """What an object is made of, by names that its user knows; an empty one adds nothing."""
    if isinstance(value, functools.partial):
        yield "", value.func
        yield from ((f"argument {place}", part) for place, part in enumerate(value.args))
        yield from value.keywords.items()
    elif isinstance(value, types.MethodType):
        yield "self", value.__self__
        yield "", value.__func__
    elif isinstance(value, types.FunctionType):
        yield from _used_by(value)
    elif isinstance(value, dict):
        yield from ((f"[{key!r}]", part) for key, part in value.items())
    elif isinstance(value, list | tuple | set | frozenset):
        yield from (("", part) for part in value)
    elif not isinstance(value, types.ModuleType | type):
        yield from getattr(value, "__dict__", {}).items()


def _used_by(function: types.FunctionType) -> Iterator[tuple[str, object]]:
    """The variables of its closure, the globals that it names, and its defaults."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with suppress(ValueError):  # it is not assigned yet
            yield name, cell.cell_contents
    for name in _names(function.__code__):
        if name in function.__globals__:
            yield name, function.__globals__[name]
    yield from (
        (name, parameter.default)
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.default is not parameter.empty
    )


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _type_of(value: object) -> str:
    kind = type(value)
    name = kind.__qualname__
    return name if kind.__module__ == "builtins" else f"{kind.__module__}.{name}"
