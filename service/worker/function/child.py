"""The process that a function runs in: trial after trial, until its host is gone."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from types import ModuleType
from typing import Any

from caviar.service.contract.limits import TRACEBACK_CHARACTERS
from caviar.service.contract.texts import keep_end, keep_start
from caviar.service.worker.function.errors import FunctionError
from caviar.service.worker.function.loading import Function, load
from caviar.service.worker.function.messages import (
    END_OF_OUTPUT,
    Failed,
    Outcome,
    Question,
    Ready,
    Reply,
    Returned,
    Start,
    Unusable,
)
from caviar.service.worker.function.trial import Trial, numbers

ORPHAN_SECONDS = 0.5
"""How often the process checks that its host is still alive."""


def main() -> None:
    """Serve the connection of the descriptor given, with the function of the reference given."""
    hide_main()
    connection = Connection(int(sys.argv[1]))
    threading.Thread(target=_end_as_orphan, args=(os.getppid(),), daemon=True).start()
    try:
        function = load(sys.argv[2])
    except FunctionError as error:
        connection.send(Unusable(str(error)))
        return
    _end_output()
    connection.send(Ready())
    while True:
        try:
            start = connection.recv()
        except (EOFError, OSError):
            return
        outcome = attempt(function, start, connection)
        _end_output()
        connection.send(outcome)


def hide_main() -> None:
    """Put an empty module in the place of this one, as `__main__`.

    Processes that multiprocessing spawns for the function first import the `__main__` of their
    parent, by its name or its file. They do not need this module, and could not import it if the
    user has a module called `caviar`.
    """
    sys.modules["__main__"] = ModuleType("__main__")


def attempt(function: Function, start: Start, connection: Any) -> Outcome:
    """Call the function with a handle on its trial, which is refused afterwards.

    Callbacks of other libraries may run in threads of their own, and some after the end.
    """
    exchange = threading.Lock()
    is_over = False

    def ask(question: Question) -> Reply:
        with exchange:
            if is_over:
                raise RuntimeError(f"trial {start.number} is over: its function has returned")
            connection.send(question)
            reply: Reply = connection.recv()
            return reply

    try:
        return returned(function(Trial(start, ask)), start.metric)
    except BaseException as error:  # even SystemExit: the process goes on with the next trial
        return Failed(_last_lines(error))
    finally:
        with exchange:
            is_over = True


def returned(value: object, metric: str) -> Outcome:
    """What a function has returned: a number, metrics by name, or nothing."""
    if value is None:
        return Returned(None)
    try:
        named = _by_name(value)
        if named is None:
            return Returned(numbers({metric: value})[metric])  # type: ignore[dict-item]
        metrics = numbers(named)
    except (TypeError, ValueError) as error:
        reason = f"the function must return a number, metrics or None: {error}"
        return Failed(reason, has_raised=False)
    if metric not in metrics:
        reason = f"the function returned metrics without {metric!r}, which is the objective's"
        return Failed(reason, has_raised=False)
    return Returned(metrics[metric], metrics)


def _by_name(value: object) -> Mapping[Any, Any] | None:
    """Metrics by name: a mapping, or a row of a data frame of pandas. None of anything else."""
    if isinstance(value, Mapping):
        return value
    keys, convert = getattr(value, "keys", None), getattr(value, "to_dict", None)
    named = convert() if callable(keys) and callable(convert) else None
    return named if isinstance(named, Mapping) else None


def _last_lines(error: BaseException) -> str:
    """The end of a traceback, from the function on; all that the exception says, if it is short."""
    trace = error.__traceback__
    inner = trace.tb_next if trace is not None else None
    text = "".join(traceback.format_exception(type(error), error, inner or trace)).rstrip()
    said = "".join(traceback.format_exception_only(error)).rstrip()
    if len(said) < TRACEBACK_CHARACTERS:
        return keep_end(text, TRACEBACK_CHARACTERS)
    half = TRACEBACK_CHARACTERS // 2  # its beginning has the kind of the exception
    return keep_start(said, half) + keep_end(said, half)


def _end_output() -> None:
    """Print what is still buffered, and the mark that ends it."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # closed by the function
            stream.flush()
    with suppress(OSError):
        os.write(1, END_OF_OUTPUT)


def _end_as_orphan(host: int) -> None:
    """End with everything that the function has started, once the host is gone."""
    while os.getppid() == host:
        time.sleep(ORPHAN_SECONDS)
    os.killpg(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
