"""The host of a function's process: starts it, listens to it, ends it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import IO

from caviar.service.contract.errors import Invalid
from caviar.service.worker.function.messages import (
    END_OF_OUTPUT,
    Message,
    Ready,
    Reply,
    Start,
    Unusable,
)

CHILD = "caviar.service.worker.function.child"

LINE_BYTES = 8_192
"""Longer lines are printed in parts."""

DRAIN_SECONDS = 1.0
"""How long the last lines of a trial, or of the import, are waited for."""

RETIRE_SECONDS = 5.0
"""How long a process may take to end by itself, as a script does after its last line."""


def _environment() -> dict[str, str]:
    """Ours, but scripts that the function starts find the modules beside them, as usual."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    environment.pop("PYTHONSAFEPATH", None)
    return environment


class Died(Exception):
    """The process has ended; the message says how."""


class FunctionProcess:
    """A process that runs one function, trial after trial.

    It leads a process group, so that everything that the function starts ends with it.
    """

    def __init__(self, reference: str) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", CHILD, str(theirs.fileno()), reference],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                env=_environment(),
            )
        self._connection = Connection(ours.detach())
        self._prefix = "objective"
        self._drained = threading.Event()
        self._has_ended = False
        self.is_ready = False
        self.unusable: str | None = None
        assert self._process.stdout is not None
        self._printer = threading.Thread(
            target=self._print, args=(self._process.stdout,), daemon=True
        )
        self._printer.start()

    @property
    def is_alive(self) -> bool:
        """Whether it is still running."""
        return self._process.poll() is None

    def send(self, message: Start | Reply) -> None:
        """Send a message.

        Raises:
            Died: the process has ended.
        """
        if isinstance(message, Start):
            self._prefix = f"trial {message.number}"
            self._drained.clear()
        try:
            self._connection.send(message)
        except OSError:
            raise self._dead() from None

    def receive(self, seconds: float) -> Message | None:
        """The next message, or None if there is none for so many seconds.

        Raises:
            Died: the process has ended, and every message was received.
        """
        # A process that has died may have left children that hold the connection open.
        ended = not self.is_alive
        try:
            if not self._connection.poll(0 if ended else seconds):
                if ended:
                    raise self._dead()
                return None
            message: Message = self._connection.recv()
        except (EOFError, OSError):
            raise self._dead() from None
        if isinstance(message, Ready):
            self.drain()
            self.is_ready = True
        if isinstance(message, Unusable):
            self.unusable = message.reason
        return message

    def drain(self) -> None:
        """Wait until everything that a trial, or the import, has printed is passed on."""
        self._drained.wait(DRAIN_SECONDS)

    def retire(self) -> None:
        """Let it end by itself, so that what the function uses is cleaned up; then end the rest."""
        if not self._has_ended:
            with suppress(OSError):
                self._connection.close()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(RETIRE_SECONDS)
        self.end()

    def end(self) -> None:
        """End it at once, with everything that the function has started."""
        if self._has_ended:
            return  # its process id may be another's by now
        self._has_ended = True
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._connection.close()
        self._printer.join(DRAIN_SECONDS)

    def _dead(self) -> Died:
        try:
            # The connection may close a little before the process ends.
            self._process.wait(DRAIN_SECONDS)
        except subprocess.TimeoutExpired:
            how = "a closed connection"
        else:
            code = self._process.returncode
            how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
        self.end()
        return Died(how)

    def _print(self, output: IO[bytes]) -> None:
        """Print each line with the trial's number as its prefix."""
        with output:
            while line := output.readline(LINE_BYTES):
                is_end = line.endswith(END_OF_OUTPUT)
                text = line.removesuffix(END_OF_OUTPUT) if is_end else line
                if text:
                    _write(f"{self._prefix}: ".encode() + text.removesuffix(b"\n") + b"\n")
                if is_end:
                    self._drained.set()


def _write(line: bytes) -> None:
    """Print a line with one call, because other processes print to the same place."""
    with suppress(OSError):  # the reader of the output is gone, which must not end a trial
        os.write(2, line)


class Processes:
    """The processes that run functions beside this process of the pool, one for each function.

    A function that raised may leave a broken import, a spoiled global or a dead GPU behind, so its
    process is replaced. The next one starts while the result is told. After several failures in a
    row a spare one starts as well, so that the imports of a function hold up none of its trials.
    """

    def __init__(self) -> None:
        self._current: dict[str, FunctionProcess] = {}
        self._spares: dict[str, FunctionProcess] = {}
        self._failing: set[str] = set()

    def of(self, reference: str) -> FunctionProcess:
        """The process of a function, started anew if it has ended."""
        process = self._current.get(reference)
        if process is None or not process.is_alive:
            process = self._spares.pop(reference, None)
            if process is None or not process.is_alive:
                process = self.start(reference)
            self._current[reference] = process
        return process

    def start(self, reference: str) -> FunctionProcess:
        """Start a process for a function."""
        return FunctionProcess(reference)

    def replace(self, reference: str) -> FunctionProcess | None:
        """Have another process for the function's next trial; returns the one that it had."""
        old = self._current.pop(reference, None)
        self.of(reference)
        if reference in self._failing and reference not in self._spares:
            self._spares[reference] = self.start(reference)
        self._failing.add(reference)
        return old

    def settle(self, reference: str) -> None:
        """End the spare process: the function has succeeded."""
        self._failing.discard(reference)
        if spare := self._spares.pop(reference, None):
            spare.end()


PROCESSES = Processes()
"""Those of this process of the pool."""


def check(reference: str) -> None:
    """Check in a process of its own that the function can be imported.

    Raises:
        Invalid: it cannot; the message says why.
    """
    process = FunctionProcess(reference)
    try:
        while process.receive(1.0) is None:
            pass
    except Died as how:
        raise Invalid.field("--objective", f"{reference} cannot be imported: {how}") from None
    finally:
        process.end()
    if process.unusable is not None:
        raise Invalid.field("--objective", process.unusable)
