"""Tables in files: .csv and .parquet, read by polars; .npy and .npz, read without pickle.

Before anything is read, the first bytes must be those of the kind, and what the file says of its
size must be within bounds, for a few kilobytes can stand for gigabytes.
"""

import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any, get_args

import numpy as np
from numpy.lib import format as npy

from caviar.engine.arrays import AnyArray
from caviar.engine.data.columns import Column, Kind, Table, table_from
from caviar.engine.data.csv_files import read_csv
from caviar.engine.data.tables import TARGET, table_of, with_target
from caviar.engine.data.texts import inferred
from caviar.engine.errors import DatasetError

KINDS = ("csv", "parquet", "npy", "npz")
"""The kinds of file, which are their suffixes."""

SUFFIXES: Mapping[str, str] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".npy": "npy",
    ".npz": "npz",
}

MAX_CONTENT_BYTES = 2**30
"""Bytes of a file, of what an archive unpacks to, and of the decoded text."""

MAX_CELLS = 2**26
"""Rows times columns."""

_MAGIC = {"parquet": b"PAR1", "npy": b"\x93NUMPY", "npz": b"PK"}
_FOREIGN = {
    b"PAR1": "a .parquet file",
    b"\x93NUMPY": "a .npy file",
    b"PK\x03\x04": "a .zip, .npz or .xlsx file",
    b"\x1f\x8b": "a .gz file",
    b"\xd0\xcf\x11\xe0": "an .xls file",
    b"%PDF": "a .pdf file",
}
_MANIFEST = "columns"
"""The member of an .npz file that says what its other members are; see pack."""


def kind_of(path: Path) -> str:
    """The kind of a file, by its name.

    Raises DatasetError, which lists the kinds, if it is none that can be read.
    """
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        known = ", ".join(f".{kind}" for kind in KINDS)
        raise DatasetError(f"{path.name} is not a table that can be read: known are {known}")
    return kind


def kind_of_content(head: bytes) -> str:
    """The kind that the first bytes of a file say; what says nothing is taken for .csv."""
    return next((kind for kind, magic in _MAGIC.items() if head.startswith(magic)), "csv")


def read_table(path: str | Path, *, kind: str | None = None) -> Table:
    """The table in a file, whose kind its suffix tells unless it is given.

    Columns of texts are numbers, booleans or dates where all of their texts are. An .npy file holds
    an array (m, n) with columns x0, x1, …; an .npz file such an array, or X and y, or features and
    targets.

    Raises DatasetError if the file cannot be read, is of another kind or is too large.
    """
    path = Path(path)
    kind = kind or kind_of(path)
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(16)
    except OSError as error:
        raise DatasetError(f"{path.name} cannot be read: {error.strerror}") from error
    _check_head(head, kind)
    if size > MAX_CONTENT_BYTES:
        raise DatasetError(f"the file has {size:,} bytes; at most {MAX_CONTENT_BYTES:,} are read")
    table = _READERS[kind](path)
    _check_cells(table.rows, len(table.columns))
    return Table(table.columns, kind)


def _check_head(head: bytes, kind: str) -> None:
    if not head:
        raise DatasetError("the file is empty")
    if kind != "csv":
        if not head.startswith(_MAGIC[kind]):
            raise DatasetError(f"the content is not that of a .{kind} file")
        return
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise DatasetError(f"the content is {what}, not .csv text")


def _check_cells(rows: int, columns: int) -> None:
    if rows * columns > MAX_CELLS:
        raise DatasetError(
            f"the table has {rows:,} rows and {columns:,} columns; at most {MAX_CELLS:,} values "
            "are read: use fewer rows or columns"
        )


def _read_csv(path: Path) -> Table:
    return read_csv(path.read_bytes())


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "no reason")


def _read_parquet(path: Path) -> Table:
    import polars

    try:
        lazy = polars.scan_parquet(path, glob=False)
        names = lazy.collect_schema().names()
        rows = lazy.select(polars.len()).collect().item()
        _check_cells(rows, len(names))
        frame = polars.read_parquet(path, glob=False)
    except (polars.exceptions.PolarsError, OSError) as error:
        raise DatasetError(f"the .parquet file cannot be read: {_first_line(error)}") from error
    return inferred(table_of(frame))


def _read_npy(path: Path) -> Table:
    with path.open("rb") as stream:
        array = _array(stream, path.stat().st_size, path.name)
    return inferred(table_of(array))


def _read_npz(path: Path) -> Table:
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = _members(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError) as error:
        raise DatasetError(f"the .npz file cannot be read: {error}") from error
    if _MANIFEST in arrays:
        return _unpacked(arrays)
    if len(arrays) == 1:
        return inferred(table_of(next(iter(arrays.values()))))
    for features, targets in (("X", TARGET), ("features", "targets")):
        if set(arrays) == {features, targets}:
            table = table_of(arrays[features])
            return inferred(with_target(table, arrays[targets], TARGET))
    raise DatasetError(
        f"an .npz file must hold X and y, features and targets, or one array, not {sorted(arrays)}"
    )


def _members(archive: zipfile.ZipFile) -> dict[str, AnyArray]:
    infos = archive.infolist()
    size = sum(info.file_size for info in infos)
    if size > MAX_CONTENT_BYTES:
        raise DatasetError(
            f"the .npz file unpacks to {size:,} bytes; at most {MAX_CONTENT_BYTES:,} are read"
        )
    arrays: dict[str, AnyArray] = {}
    for info in infos:
        with archive.open(info) as member:
            name = info.filename.removesuffix(".npy")
            arrays[name] = _array(member, info.file_size, info.filename)
    return arrays


def _array(stream: IO[bytes], size: int, name: str) -> AnyArray:
    """An array, read only if its header promises what is there."""
    try:
        version = npy.read_magic(stream)
        readers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
        if version not in readers:
            raise DatasetError(f"{name} is of the .npy version {version}, which is not read")
        shape, fortran, dtype = readers[version](stream)
    except (ValueError, TypeError, SyntaxError, TokenError, MemoryError, RecursionError) as error:
        raise DatasetError(f"{name} is not an .npy array: {error}") from error
    if dtype.hasobject:
        raise DatasetError(
            f"{name} holds Python objects, which are not read: save numbers or texts, or .csv"
        )
    values = 1
    for length in shape:
        values *= length
    if values * dtype.itemsize > size:
        raise DatasetError(f"{name} is cut off: its header says {values:,} values")
    content = stream.read(values * dtype.itemsize)
    if len(content) != values * dtype.itemsize:
        raise DatasetError(f"{name} is cut off: its header says {values:,} values")
    array = np.frombuffer(content, dtype)
    return array.reshape(shape, order="F" if fortran else "C")


_READERS = {"csv": _read_csv, "parquet": _read_parquet, "npy": _read_npy, "npz": _read_npz}


def pack(table: Table) -> bytes:
    """A table as the bytes of an .npz file that keeps the kind of every column.

    The member `columns` is JSON as bytes: name, kind, levels and so on; the members c0, c1, … are
    the values. read_table gives an equal table.
    """
    manifest = [
        {
            "name": column.name,
            "kind": column.kind,
            "levels": list(column.levels),
            "fixed": column.fixed,
            "decimal": column.decimal,
            "day_first": column.day_first,
        }
        for column in table.columns.values()
    ]
    text = json.dumps(manifest, allow_nan=False).encode()
    members: dict[str, Any] = {_MANIFEST: np.frombuffer(text, np.uint8)}
    members |= {f"c{place}": column.values for place, column in enumerate(table.columns.values())}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **members)
    return buffer.getvalue()


def _unpacked(arrays: Mapping[str, AnyArray]) -> Table:
    try:
        manifest = json.loads(arrays[_MANIFEST].tobytes())
        return table_from(_unpacked_columns(manifest, arrays))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DatasetError(f"the .npz file has a wrong member {_MANIFEST!r}: {error}") from error


def _unpacked_columns(manifest: Any, arrays: Mapping[str, AnyArray]) -> Iterable[Column]:
    for place, fields in enumerate(manifest):
        values, levels = arrays[f"c{place}"], tuple(fields["levels"])
        dtype = np.int32 if fields["kind"] == "text" else np.float64
        if fields["kind"] not in get_args(Kind) or values.dtype != dtype:
            raise ValueError(f"column {place} has a wrong kind")
        if values.ndim != 1 or not all(isinstance(v, bool | int | float | str) for v in levels):
            raise ValueError(f"column {place} has wrong values")
        if (
            fields["kind"] == "text"
            and len(values)
            and not -1 <= values.min() <= values.max() < len(levels)
        ):
            raise ValueError(f"column {place} has codes without a level")
        yield Column(
            str(fields["name"]),
            fields["kind"],
            values,
            levels,
            fixed=bool(fields["fixed"]),
            decimal="," if fields["decimal"] == "," else ".",
            day_first=bool(fields["day_first"]),
        )
