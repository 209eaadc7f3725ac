"""The command `caviar` in this process: what it prints, without the time a process takes to start.

`tests.processes` has the same functions for real processes.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from caviar.service.cli.main import main


@dataclass(frozen=True)
class Outcome:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


def invoke(*arguments: str) -> Outcome:
    """Run the command through its entry point, which turns errors into lines and exit codes."""
    out, err = StringIO(), StringIO()
    with called_with(arguments), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
    assert isinstance(code, int)
    return Outcome(code, out.getvalue(), err.getvalue())


@contextmanager
def called_with(arguments: Sequence[str]) -> Iterator[None]:
    """Give the command its arguments and the width of a pipe; restore the signals' handlers."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["caviar", *arguments])
        patch.setenv("COLUMNS", "80")
        yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def run(*arguments: str) -> str:
    """Run a command that must succeed; its standard output."""
    done = invoke(*arguments)
    assert done.code == 0, done.err
    return done.out


def fails(*arguments: str) -> str:
    """Run a command that must fail with one plain message; the message."""
    done = invoke(*arguments)
    assert done.code == 1, (done.out, done.err)
    assert "Traceback" not in done.err
    return done.err


def write(folder: Path, value: object) -> str:
    """Write a value as a JSON file that a command reads; its path."""
    path = folder / "file.json"
    path.write_text(json.dumps(value))
    return str(path)
