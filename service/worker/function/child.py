"""The process that a function runs in: trial after trial, until its keeper is gone."""

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
from typing import Any

from caviar.service.contract.limits import TRACEBACK_CHARACTERS
from caviar.service.worker.function.loading import Function, FunctionError, load
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
"""How often the process looks whether its keeper still lives."""


def main() -> None:
    """Serve the connection of the descriptor given, with the function of the reference given."""
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


def attempt(function: Function, start: Start, connection: Any) -> Outcome:
    """Call the function with a handle on its trial, which is of no use afterwards.

    Callbacks of other libraries may come in threads of their own, and some after the end.
    """
    line = threading.Lock()
    is_over = False

    def ask(question: Question) -> Reply:
        with line:
            if is_over:
                raise RuntimeError(f"trial {start.number} is over: its function has returned")
            connection.send(question)
            reply: Reply = connection.recv()
            return reply

    try:
        return returned(function(Trial(start, ask)), start.metric)
    except BaseException as error:  # even SystemExit: the next trial is another one
        return Failed(_last_lines(error))
    finally:
        with line:
            is_over = True


def returned(found: object, metric: str) -> Outcome:
    """What a function has returned: a number, metrics by name, or nothing."""
    if found is None:
        return Returned(None)
    try:
        if not isinstance(found, Mapping):
            return Returned(numbers({metric: found})[metric])  # type: ignore[dict-item]
        metrics = numbers(found)
    except (TypeError, ValueError) as error:
        return Failed(f"the function must return a number, metrics or None: {error}")
    if metric not in metrics:
        return Failed(f"the function returned metrics without {metric!r}, which is the objective's")
    return Returned(metrics[metric], metrics)


def _last_lines(error: BaseException) -> str:
    """The end of a traceback, from the function on."""
    trace = error.__traceback__
    inner = trace.tb_next if trace is not None else None
    text = "".join(traceback.format_exception(type(error), error, inner or trace))
    return text[-TRACEBACK_CHARACTERS:]


def _end_output() -> None:
    """Print what is still to be printed, and the mark that ends it."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # closed by the function
            stream.flush()
    with suppress(OSError):
        os.write(1, END_OF_OUTPUT)


def _end_as_orphan(keeper: int) -> None:
    """End with everything that the function has started, once the keeper is gone."""
    while os.getppid() == keeper:
        time.sleep(ORPHAN_SECONDS)
    os.killpg(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
