"""The log of a process of the service: one line a record, on standard error.

    2026-11-20T12:01:00.123+01:00 INFO caviar: trial 7 of digits completed: 0.0312

The time has its zone. The traceback of an unexpected error follows on indented lines.
"""

from __future__ import annotations

import logging
import sys
from datetime import datetime
from enum import StrEnum
from typing import TextIO

from caviar.service.contract.texts import visible


class LogLevel(StrEnum):
    """The least severe records that a log has."""

    DEBUG = "debug"  # also what is repeated often
    INFO = "info"  # what a process does: studies, trials, connections
    WARNING = "warning"  # what a person may want to change
    ERROR = "error"  # what failed


class Lines(logging.Formatter):
    """Writes a record as one line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and the traceback below it, if there is one."""
        at = datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds")
        message = " | ".join(filter(None, map(str.strip, record.getMessage().splitlines())))
        line = f"{at} {record.levelname} {record.name}: {visible(message)}"
        if record.exc_info:
            trace = self.formatException(record.exc_info)
            line += "".join(f"\n    {each}" for each in trace.splitlines())
        return line


class StandardError(logging.StreamHandler[TextIO]):
    """Writes to whatever standard error is at the time: a progress bar may have replaced it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)
        self.setFormatter(Lines())

    @property
    def stream(self) -> TextIO:
        """Standard error."""
        return sys.stderr

    @stream.setter
    def stream(self, stream: TextIO) -> None:
        """Standard error cannot be changed here."""


def configure(level: LogLevel | str = LogLevel.WARNING) -> None:
    """Write the records of Caviar from a level on, and warnings of anything else.

    Where something else takes the records of this process already, it keeps them.
    """
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(StandardError())
    logging.getLogger("caviar").setLevel(LogLevel(level).upper())


def current() -> LogLevel:
    """The level of this process."""
    return LogLevel(logging.getLevelName(logging.getLogger("caviar").getEffectiveLevel()).lower())
