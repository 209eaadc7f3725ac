"""Text files of records: .csv as it comes, whatever its encoding, separator and marks."""

import csv
import io
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from caviar.engine.data.columns import Column, Table, factorize, table_from
from caviar.engine.data.texts import MISSING_NUMBER, inferred, number
from caviar.engine.errors import DatasetError

SAMPLE_BYTES = 2**16
"""How much of the text is looked at to find its separator."""

SAMPLE_RECORDS = 100

_SEPARATORS = ",;\t|"
_GROUPED = r"^\s*[1-9]\d{0,2}(\.\d{3})+\s*$"
"""What may be a number with parted thousands rather than one with a decimal point."""


def read_csv(content: bytes) -> Table:
    """The table in the content of a .csv file.

    Raises DatasetError, which names the line where it can, if it cannot be read.
    """
    import polars

    text, separator = _separated(_utf8(content))
    names = _header(text, separator)
    frame = _frame(text, separator, names)
    if len(names) > 1:
        frame = frame.filter(~polars.all_horizontal(polars.all().is_null()))  # blank lines
    if not frame.height:
        raise DatasetError("the .csv text has a first line, and no rows below it")
    columns: list[Column] = []
    points = False
    for name in names:
        column, has_points = _column(frame[name], name)
        columns.append(column)
        points |= has_points
    return inferred(table_from(columns), separator=separator, points=points)


def _frame(text: bytes, separator: str, names: Sequence[str]) -> Any:
    """The records as a frame of texts, with None where there is nothing.

    polars is fast and strict. What it does not read, such as a quote within a field, is read record
    by record, which also tells in which line a mistake is.
    """
    import polars

    try:
        return polars.read_csv(
            text, separator=separator, infer_schema=False, new_columns=names, low_memory=True
        )
    except polars.exceptions.PolarsError:
        records = _whole_records(text, separator, len(names))
    fields = zip(*records, strict=True) if records else ([] for _ in names)
    return polars.DataFrame(
        {name: list(field) for name, field in zip(names, fields, strict=True)},
        schema=dict.fromkeys(names, polars.String),
    )


def _whole_records(text: bytes, separator: str, width: int) -> list[list[str | None]]:
    """The records below the first line, as long as that one.

    Raises DatasetError, which names the line, if a record is longer or a quote has no end.
    """
    reader = csv.reader(io.StringIO(text.decode(), newline=""), delimiter=separator, strict=True)
    records: list[list[str | None]] = []
    try:
        next(reader)
        for record in reader:
            if len(record) > width:
                raise DatasetError(
                    f"line {reader.line_num} has {len(record)} fields, and the first line names "
                    f"{width} columns"
                )
            records.append([field or None for field in record] + [None] * (width - len(record)))
    except csv.Error as error:
        raise DatasetError(f"line {reader.line_num} cannot be read: {error}") from error
    return records


def _utf8(content: bytes) -> bytes:
    """The text of a file as UTF-8 without a byte order mark, and with lines that end in LF.

    Text that is neither UTF-8 nor begins with a mark is taken for Windows-1252, of which Latin-1
    is the part without control characters.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        content = _decoded(content, "utf-16").encode()
    elif b"\0" in content[:SAMPLE_BYTES]:
        raise DatasetError("the content is not .csv text: it has zero bytes")
    content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        content.decode()
    except UnicodeDecodeError:
        # Five bytes have no meaning in Windows-1252; Latin-1 has a meaning for all.
        try:
            content = content.decode("cp1252").encode()
        except UnicodeDecodeError:
            content = content.decode("latin-1").encode()
    if b"\r" in content and b"\n" not in content:
        content = content.replace(b"\r", b"\n")
    if not content.strip():
        raise DatasetError("the file is empty")
    return content


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise DatasetError(f"the text is not {encoding}: {error.reason}") from error


def _separated(content: bytes) -> tuple[bytes, str]:
    """The text without a first line `sep=;` of a spreadsheet, and its separator.

    The separator is the one that parts most of the records into as many fields as the first one.
    """
    if match := re.match(rb"sep=([,;\t|])\r?\n", content):
        return content[match.end() :], match[1].decode()
    sample = content[:SAMPLE_BYTES].decode(errors="ignore")
    best, best_score = ",", (0.0, 0)
    for separator in _SEPARATORS:
        records = [record for record in _records(sample, separator) if record]
        fields = len(records[0]) if records else 0
        # The last record of a sample may be cut.
        whole = records[:-1] if len(content) > SAMPLE_BYTES else records
        same = sum(len(record) == fields for record in whole) / max(len(whole), 1)
        if fields > 1 and (same, fields) > best_score:
            best, best_score = separator, (same, fields)
    return content, best


def _records(text: str, separator: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    records: list[list[str]] = []
    try:
        for record in reader:
            records.append(record)
            if len(records) == SAMPLE_RECORDS:
                break
    except csv.Error:
        pass
    return records


def _header(content: bytes, separator: str) -> list[str]:
    records = _records(content[: 2**20].decode(errors="ignore"), separator)
    if not records or not records[0]:
        raise DatasetError("the first line must name the columns: it is empty")
    names = [name.strip() or f"column_{place}" for place, name in enumerate(records[0], start=1)]
    if all(number(name, ".") is not None for name in records[0]):
        raise DatasetError("the first line must name the columns, and it has numbers only")
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise DatasetError(f"two columns are named {twice!r}: rename one of them")
    return names


def _column(series: Any, name: str) -> tuple[Column, bool]:
    """A column of texts, read at once where they are plain numbers; whether any has a point."""
    import polars

    texts = series.str.strip_chars()
    lowered = texts.str.to_lowercase()
    present = texts.filter(texts.is_not_null() & ~lowered.is_in(sorted(MISSING_NUMBER)))
    numbers = present.cast(polars.Float64, strict=False)
    if len(present) and not numbers.null_count() and numbers.is_finite().all():
        pointed = present.filter(present.str.contains(".", literal=True))
        if not len(pointed) or not pointed.str.contains(_GROUPED).all():
            whole = texts.cast(polars.Float64, strict=False).fill_null(float("nan"))
            return Column(name, "number", np.array(whole.to_numpy(), np.float64)), len(pointed) > 0
    codes, levels = factorize(series.to_list())
    return Column(name, "text", codes, levels), False
