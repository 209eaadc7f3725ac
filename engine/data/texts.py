"""Texts read as what they stand for: numbers, booleans, dates, or nothing."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np

from caviar.engine.arrays import Float64Array
from caviar.engine.data.columns import Column, Kind, Table

MISSING = frozenset({"", "na", "n/a", "#n/a", "#na", "nan", "-nan", "null", "<na>", "nat"})
"""What a missing value is written as, in lower case."""

MISSING_NUMBER = MISSING | {"none", "-", "--", ".", "?", "#value!", "#div/0!"}
"""What a missing number or date is written as; among other texts these may be categories."""

BOOLEANS = {"true": 1.0, "false": 0.0}

_AFFIX = re.compile(r"^[$€£¥]\s?|\s?[$€£¥%]$")
_GROUP = "[{mark}\u0020'\u2019\u00a0\u202f]"
"""What parts thousands: the mark that is not the decimal one, a space or an apostrophe."""


def _pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    group = _GROUP.format(mark=re.escape(thousands))
    whole = rf"[1-9]\d{{0,2}}(?:{group}\d{{3}})+|\d+"
    mark = re.escape(decimal)
    return re.compile(rf"([+-]?)((?:{whole})(?:{mark}\d*)?|{mark}\d+)([eE][+-]?\d+)?", re.ASCII)


PATTERNS = {".": _pattern(".", ","), ",": _pattern(",", ".")}
"""Numbers by their decimal mark; thousands may be parted."""

_TIME = r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_TIME}", re.ASCII)
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})[-/.](\d{{4}}){_TIME}", re.ASCII)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def is_missing(text: str, spellings: frozenset[str] = MISSING) -> bool:
    """Whether a text stands for a missing value."""
    return text.strip().lower() in spellings


def number(text: str, decimal: str) -> float | None:
    """The number that a text stands for, None if it stands for none.

    Thousands may be parted, and the number may carry a currency or a percent sign.
    """
    match = PATTERNS[decimal].fullmatch(_AFFIX.sub("", text.strip()))
    if match is None:
        return None
    sign, digits, exponent = match.groups()
    whole, _, fraction = digits.partition(decimal)
    return float(f"{sign}{re.sub(r'[^0-9]', '', whole)}.{fraction}{exponent or ''}")


def boolean(text: str) -> float | None:
    """1 or 0 for a text that says true or false."""
    return BOOLEANS.get(text.strip().lower())


def days(text: str, *, day_first: bool) -> float | None:
    """Days since 1970 (UTC) of a date, with a time of day or without; None if it is no date."""
    stripped = text.strip()
    if match := _YEAR_FIRST.fullmatch(stripped):
        year, month, day, *time = match.groups()
    elif match := _YEAR_LAST.fullmatch(stripped):
        first, _, second, year, *time = match.groups()
        day, month = (first, second) if day_first else (second, first)
    else:
        return None
    hour, minute, seconds, fraction, zone = time
    try:
        midnight = datetime(int(year), int(month), int(day), tzinfo=_zone(zone))
        moment = midnight.replace(
            hour=int(hour or 0), minute=int(minute or 0), second=int(seconds or 0)
        )
    except ValueError:
        return None
    return (moment - _EPOCH) / timedelta(days=1) + float(f"0.{fraction or 0}") / 86_400


def _zone(text: str | None) -> timezone:
    if text in (None, "Z", "UTC"):
        return UTC
    assert text is not None
    minutes = 60 * int(text[1:3]) + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def inferred(table: Table, *, separator: str = ",", points: bool = False) -> Table:
    """The table with its texts read as numbers, booleans and dates where all of a column are.

    The decimal mark is the one of the whole table. Where it is not evident, as of 1,234, it is a
    comma if the fields are parted by semicolons, else a point. `points`: a column that was read
    already has decimal points.
    """
    decimal = _decimal_mark(table, points)
    read = {name: _inferred(column, decimal, separator) for name, column in table.columns.items()}
    return Table(read, table.source)


def _decimal_mark(table: Table, points: bool) -> str | None:
    """The mark that some column can only have been written with; None if none tells."""
    commas = False
    for column in table.columns.values():
        if column.kind == "text" and not column.fixed:
            texts = _present(column, MISSING_NUMBER)
            as_point, as_comma = (
                all(number(text, mark) is not None for text in texts) for mark in ".,"
            )
            points |= as_point and not as_comma
            commas |= as_comma and not as_point
    return "," if commas else "." if points else None


def _present(column: Column, spellings: frozenset[str]) -> list[str]:
    return [text for text in map(str, column.levels) if not is_missing(text, spellings)]


def _inferred(column: Column, decimal: str | None, separator: str) -> Column:
    if column.kind != "text" or column.fixed or not all(isinstance(v, str) for v in column.levels):
        return column
    if texts := _present(column, MISSING_NUMBER):
        if decimal is None:
            decimal = "," if separator == ";" and any("," in text for text in texts) else "."
        for mark in (decimal, "," if decimal == "." else "."):
            if all(number(text, mark) is not None for text in texts):
                return as_numbers(column, mark)
        if all(boolean(text) is not None for text in texts):
            return _converted(column, "boolean", boolean)
        day_first = _is_day_first(texts)
        if all(days(text, day_first=day_first) is not None for text in texts):
            return as_dates(column, day_first=day_first)
    return without_missing(column)


def _is_day_first(texts: Sequence[str]) -> bool:
    """Whether 03/04/2026 is in April: a first part above 12 says so, or dots between the parts."""
    found = [match for text in texts if (match := _YEAR_LAST.fullmatch(text.strip()))]
    if any(int(match[1]) > 12 for match in found):
        return True
    return any(match[2] == "." for match in found) and all(int(match[3]) <= 12 for match in found)


def as_numbers(column: Column, decimal: str) -> Column:
    """A column of texts as numbers; NaN also for a text that is none."""
    read = _converted(column, "number", lambda text: number(text, decimal))
    return replace(read, decimal=decimal)


def as_booleans(column: Column) -> Column:
    """A column of texts as booleans; NaN also for a text that is none."""
    return _converted(column, "boolean", boolean)


def as_dates(column: Column, *, day_first: bool) -> Column:
    """A column of texts as days since 1970; NaN also for a text that is no date."""
    read = _converted(column, "date", lambda text: days(text, day_first=day_first))
    return replace(read, day_first=day_first)


def _converted(column: Column, kind: Kind, read: Callable[[str], float | None]) -> Column:
    # One more entry, so that the code -1 of a missing value finds NaN.
    table: Float64Array = np.full(len(column.levels) + 1, np.nan)
    for position, text in enumerate(column.levels):
        value = read(str(text))
        table[position] = np.nan if value is None else value
    return replace(column, kind=kind, values=table[column.values], levels=())


def without_missing(column: Column) -> Column:
    """A column of texts whose spellings of a missing value are missing."""
    positions: dict[tuple[type, Any], int] = {}
    codes = np.full(len(column.levels) + 1, -1, np.int32)
    for position, text in enumerate(column.levels):
        level = text.strip() if isinstance(text, str) else text
        if not (isinstance(level, str) and is_missing(level)):
            key = (type(level), level)
            codes[position] = positions.setdefault(key, len(positions))
    levels = tuple(level for _, level in positions)
    return replace(column, values=codes[column.values], levels=levels)
