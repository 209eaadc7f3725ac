"""The log of a process: one line a record, with the time and its zone."""

from __future__ import annotations

import json
import logging
import re
import sys

from caviar.service import request_ids
from caviar.service.contract.keys import new_key
from caviar.service.logs import JsonLines, Lines, LogFormat, StandardError, about

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d"
LINE = rf"{TIME} INFO caviar: trial 7 completed"


def record(message: str, *values: object, error: BaseException | None = None) -> logging.LogRecord:
    info = None if error is None else (type(error), error, error.__traceback__)
    return logging.LogRecord("caviar", logging.INFO, "", 0, message, values, info)


def test_a_key_in_a_path_is_not_logged() -> None:
    key = new_key()
    for form in LogFormat:
        line = StandardError(form).format(record("GET /keys/%s: 404", key))
        assert key[:13] in line
        assert key[13:] not in line


def test_a_record_is_one_line_with_the_zone_of_its_time() -> None:
    assert re.fullmatch(LINE, Lines().format(record("trial %s completed", 7)))
    lines = Lines().format(record("%s", "why:\n  this\n\n  and that\n"))
    assert lines.endswith(" INFO caviar: why: | this | and that")


def test_a_traceback_follows_on_indented_lines() -> None:
    try:
        raise ValueError("no such thing")
    except ValueError as error:
        first, *others = Lines().format(record("it failed", error=error)).splitlines()
    assert first.endswith(" INFO caviar: it failed")
    assert others[-1] == "    ValueError: no such thing"
    assert all(line.startswith("    ") for line in others)


def test_standard_error_is_looked_up_for_every_record() -> None:
    from io import StringIO

    from caviar.service.logs import StandardError

    handler, shown = StandardError(), StringIO()
    before, sys.stderr = sys.stderr, shown
    try:
        handler.emit(record("said"))
    finally:
        sys.stderr = before
    assert shown.getvalue().endswith(": said\n")


def test_a_record_of_json_is_an_object_with_what_it_is_about() -> None:
    made = record("trial %s\nof %s \x1b[2J", 7, "digits")
    made.__dict__.update(about(study="digits", trial=7))
    token = request_ids.current.set(request_ids.RequestInfo("from-a-proxy"))
    try:
        line = JsonLines().format(made)
    finally:
        request_ids.current.reset(token)
    assert line.isprintable()
    entry = json.loads(line)
    assert re.fullmatch(TIME, entry.pop("time"))
    assert entry == {
        "level": "INFO",
        "logger": "caviar",
        "message": "trial 7\nof digits \x1b[2J",
        "study": "digits",
        "trial": 7,
        "request_id": "from-a-proxy",
    }


def test_an_error_in_json_has_its_traceback() -> None:
    try:
        raise ValueError("no such thing")
    except ValueError as error:
        entry = json.loads(JsonLines().format(record("it failed", error=error)))
    assert "ValueError: no such thing" in entry["exception"]
    assert "request_id" not in entry
