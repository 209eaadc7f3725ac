"""The log of a process of the service: one line a record, on standard error.

    2026-11-20T12:01:00.123+01:00 INFO caviar: trial 7 of digits completed: 0.0312

The time has its zone. The traceback of an unexpected error follows on indented lines. As JSON, a
record is an object of one line, with what it is about in fields of their own:

    {"time": "2026-11-20T12:01:00.123+01:00", "level": "INFO", "logger": "caviar",
     "message": "study digits: stopped by a request", "study": "digits", "request_id": "3f0c…"}
"""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TextIO

from caviar.service import request_ids
from caviar.service.contract.keys import without_keys
from caviar.service.contract.texts import visible


class LogLevel(StrEnum):
    """The least severe records that a log has."""

    DEBUG = "debug"  # also what is repeated often
    INFO = "info"  # what a process does: studies, trials, connections
    WARNING = "warning"  # what a person may want to change
    ERROR = "error"  # what failed


class LogFormat(StrEnum):
    """The form of a record."""

    TEXT = "text"  # a line for people
    JSON = "json"  # an object for programs


ABOUT = ("study", "trial", "trials", "worker", "method", "path", "status", "seconds")
"""The fields of a record of JSON that tell what it is about, where it is about such a thing."""


MAX_TRIALS = 100
"""Trials that one record names; a call may end ten thousand."""


def about(**fields: Any) -> dict[str, Any]:
    """The `extra` of a record that is about a study, a trial or a worker.

    logger.info("trial %s of %s ends", 7, "digits", extra=about(study="digits", trial=7))
    """
    unknown = fields.keys() - set(ABOUT)
    assert not unknown, unknown
    if "trials" in fields:
        fields["trials"] = list(fields["trials"])[:MAX_TRIALS]
    return {"about": fields}


class Lines(logging.Formatter):
    """Writes a record as one line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and the traceback below it, if there is one."""
        at = _time(record)
        message = " | ".join(filter(None, map(str.strip, record.getMessage().splitlines())))
        line = f"{at} {record.levelname} {record.name}: {visible(message)}"
        if record.exc_info:
            trace = self.formatException(record.exc_info)
            line += "".join(f"\n    {each}" for each in trace.splitlines())
        return line


class JsonLines(logging.Formatter):
    """Writes a record as a JSON object in one line."""

    def format(self, record: logging.LogRecord) -> str:
        """The object."""
        entry: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_always,
            **getattr(record, "about", {}),
        }
        request = request_ids.current.get()
        if request is not None:
            entry["request_id"] = request.id
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds")


FORMATTERS: dict[LogFormat, type[logging.Formatter]] = {
    LogFormat.TEXT: Lines,
    LogFormat.JSON: JsonLines,
}

_always: dict[str, Any] = {}
"""Fields of every record of this process, such as the name of its worker."""


def bind(**fields: Any) -> None:
    """Have every record of this process, as JSON, name these."""
    _always.update(about(**fields)["about"])


class StandardError(logging.StreamHandler[TextIO]):
    """Writes to whatever standard error is at the time: a progress bar may have replaced it."""

    def __init__(self, form: LogFormat = LogFormat.TEXT) -> None:
        logging.Handler.__init__(self)
        self.form = form
        self.setFormatter(FORMATTERS[form]())

    def format(self, record: logging.LogRecord) -> str:
        """The record without any key, which a caller may have put into a path."""
        return without_keys(super().format(record))

    @property
    def stream(self) -> TextIO:
        """Standard error."""
        return sys.stderr

    @stream.setter
    def stream(self, stream: TextIO) -> None:
        """Standard error cannot be changed here."""


def configure(
    level: LogLevel | str = LogLevel.WARNING, form: LogFormat | str | None = None
) -> None:
    """Write the records of Caviar from a level on, and warnings of anything else.

    Where something else takes the records of this process already, it keeps them.

    Args:
        level: the least severe records of Caviar that are written.
        form: the form of a record; None: as it was, or text.
    """
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(StandardError())
    if form is not None:
        for handler in root.handlers:
            if isinstance(handler, StandardError):
                handler.form = LogFormat(form)
                handler.setFormatter(FORMATTERS[handler.form]())
    logging.getLogger("caviar").setLevel(LogLevel(level).upper())


@dataclass(frozen=True)
class Setup:
    """How a process logs, for those that it starts: level, form, and the fields of every record."""

    level: LogLevel
    form: LogFormat
    fields: dict[str, Any]

    def apply(self) -> None:
        """Log in this process as in that one."""
        configure(self.level, self.form)
        bind(**self.fields)


def current() -> Setup:
    """How this process logs."""
    level = logging.getLevelName(logging.getLogger("caviar").getEffectiveLevel()).lower()
    return Setup(LogLevel(level), current_form(), dict(_always))


def current_form() -> LogFormat:
    """The form of the records of this process."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, StandardError):
            return handler.form
    return LogFormat.TEXT
