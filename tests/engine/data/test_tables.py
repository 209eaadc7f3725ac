"""Tables as people have them: what their files mean, and which are refused."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest

from caviar.engine.data import table_files
from caviar.engine.data.columns import Table
from caviar.engine.data.table_files import pack, read_table
from caviar.engine.data.tables import table_of
from caviar.engine.errors import DatasetError
from tests.factories.tables import bomb, npy


def shown(table: Table) -> dict[str, list[Any]]:
    """The columns as plain values, None where one is missing."""
    plain: dict[str, list[Any]] = {}
    for name, column in table.columns.items():
        texts = column.kind == "text"
        plain[name] = [
            None if missing else column.levels[value] if texts else float(value)
            for value, missing in zip(column.values.tolist(), column.missing, strict=True)
        ]
    return plain


NAMES = {"a": [1.0, 2.0], "b": ["x", "y"]}

CSV: dict[str, tuple[bytes, dict[str, list[Any]]]] = {
    "plain": (b"a,b\n1,x\n2,y\n", NAMES),
    "a byte order mark": (b"\xef\xbb\xbfa,b\n1,x\n2,y\n", NAMES),
    "windows line ends": (b"a,b\r\n1,x\r\n2,y\r\n", NAMES),
    "old line ends": (b"a,b\r1,x\r2,y\r", NAMES),
    "no line end at the end": (b"a,b\n1,x\n2,y", NAMES),
    "semicolons": (b"a;b\n1;x\n2;y\n", NAMES),
    "tabs": (b"a\tb\n1\tx\n2\ty\n", NAMES),
    "the separator of a spreadsheet": (b"sep=;\r\na;b\r\n1;x\r\n2;y\r\n", NAMES),
    "utf-16": ("a,b\n1,x\n2,y\n".encode("utf-16"), NAMES),
    "latin-1": ("a,b\n1,São\n2,Köln\n".encode("latin-1"), {"a": [1, 2], "b": ["São", "Köln"]}),
    "euro in windows-1252": (
        "a,b\n1,€ x\n2,y\n".encode("cp1252"),
        {"a": [1, 2], "b": ["€ x", "y"]},
    ),
    "spaces around": (b" a , b \n 1 , x \n 2 , y \n", NAMES),
    "quoted separators and line breaks": (
        b'a,b\n1,"x, ""z""\nx"\n2,y\n',
        {"a": [1, 2], "b": ['x, "z"\nx', "y"]},
    ),
    "thousands": (b'a,b\n"1,234",1\n"12,345.5",2\n', {"a": [1234, 12345.5], "b": [1, 2]}),
    "decimal commas": (
        b"a;b\n1,5;1.234,5\n2,25;2.000,0\n",
        {"a": [1.5, 2.25], "b": [1234.5, 2000]},
    ),
    "one column says what the other means": (
        b"a;b\n1,5;1.234\n2,25;2.000\n",
        {"a": [1.5, 2.25], "b": [1234, 2000]},
    ),
    "three decimals": (b"a,b\n1.234,1\n2.345,2\n", {"a": [1.234, 2.345], "b": [1, 2]}),
    "spaces and apostrophes as thousands": (
        "a,b\n1 234,1'234\n12\u00a0345,2'345\n".encode(),
        {"a": [1234, 12345], "b": [1234, 2345]},
    ),
    "money and percent": (b"a,b\n$3.50,10%\n$4,20%\n", {"a": [3.5, 4], "b": [10, 20]}),
    "missing numbers": (
        b"a,b\n1,x\n,y\nNA,z\n-,x\nnan,x\n?,\n",
        {"a": [1, None, None, None, None, None], "b": ["x", "y", "z", "x", "x", None]},
    ),
    "missing texts": (b"a,b\n1,x\n2,N/A\n3,None\n", {"a": [1, 2, 3], "b": ["x", None, "None"]}),
    "booleans": (b"a,b\ntrue,x\nFalse,y\n,x\n", {"a": [1, 0, None], "b": ["x", "y", "x"]}),
    "dates": (
        b"a,b\n1970-01-03,1970-01-02 12:00\n1970-01-01,1970-01-01T06:00:00Z\n",
        {"a": [2, 0], "b": [1.5, 0.25]},
    ),
    "days first": (
        b"a,b\n13/01/1970,01.02.1970\n02/01/1970,02.02.1970\n",
        {"a": [12, 1], "b": [31, 32]},
    ),
    "months first": (b"a,b\n01/13/1970,1\n01/02/1970,2\n", {"a": [12, 1], "b": [1, 2]}),
    "exponents and signs": (b"a,b\n1e3,-1\n-2.5E-1,+2\n", {"a": [1000, -0.25], "b": [-1, 2]}),
    "nameless columns": (b",b\n1,x\n2,y\n", {"column_1": [1, 2], "b": ["x", "y"]}),
    "blank lines": (b"a,b\n1,x\n\n2,y\n\n", NAMES),
    "quotes within fields": (b'a,b\n1,3" pipe\n2,x"y\n', {"a": [1, 2], "b": ['3" pipe', 'x"y']}),
    "short lines": (b"a,b,c\n1,x\n2,y,3\n", {**NAMES, "c": [None, 3]}),
    "mixed texts": (b"a,b\n1,x\nA2,y\n", {"a": ["1", "A2"], "b": ["x", "y"]}),
}


@pytest.mark.parametrize("case", CSV)
def test_csv_text_is_read_as_it_is_meant(case: str, tmp_path: Path) -> None:
    content, expected = CSV[case]
    (tmp_path / "table.csv").write_bytes(content)
    assert shown(read_table(tmp_path / "table.csv")) == expected


def code(header: bytes) -> bytes:
    """An .npy file with some Python as its header."""
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


def lying() -> bytes:
    """An .npy file whose header promises 80 TB."""
    return npy(np.zeros(1)).replace(b"'shape': (1,), ", b"'shape': (10000000000000,)")


REFUSED: dict[str, tuple[str, bytes, str]] = {
    "empty": ("a.csv", b"", "empty"),
    "blank": ("a.csv", b"\n \n", "empty"),
    "no rows": ("a.csv", b"a,b\n", "no rows"),
    "two columns of one name": ("a.csv", b"a,a\n1,2\n", "two columns are named 'a'"),
    "rows that are too long": ("a.csv", b"a,b\n1,2\n1,2,3\n", "line 3 has 3 fields"),
    "a quote without an end": ("a.csv", b'a,b\n1,"x\n2,y\n', "line 3 cannot be read"),
    "no names": ("a.csv", b"1.5,2\n3,4\n", "must name the columns"),
    "a spreadsheet": ("a.csv", b"PK\x03\x04 and so on", "xlsx"),
    "zero bytes": ("a.csv", b"a,b\n1,\0\n", "zero bytes"),
    "no parquet": ("a.parquet", b"a,b\n1,2\n", "not that of a .parquet"),
    "cut parquet": ("a.parquet", b"PAR1 and nothing", "cannot be read"),
    "pickled objects": ("a.npy", npy(np.array([{}], object)), "Python objects"),
    "a header that lies": ("a.npy", lying(), "cut off"),
    "a header of dashes": ("a.npy", code(b"-" * 9_000 + b"1"), "not an .npy array"),
    "a header without an end": ("a.npy", code(b"{'descr': ("), "not an .npy array"),
    "a zip bomb": ("a.npz", bomb(2**22), "unpacks to"),
    "other arrays": ("a.npz", b"", "X and y"),
    "an unknown kind": ("a.xlsx", b"PK", "known are .csv"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_is_no_table_is_refused(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_files, "MAX_CONTENT_BYTES", 2**21)
    name, content, message = REFUSED[case]
    path = tmp_path / name
    path.write_bytes(content)
    if case == "other arrays":
        np.savez(path, left=np.ones(2), right=np.ones(2))
    with pytest.raises(DatasetError, match=message):
        read_table(path)


def test_a_table_with_too_many_cells_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    polars.DataFrame({"a": np.zeros(200_000)}).write_parquet(tmp_path / "a.parquet")
    assert (tmp_path / "a.parquet").stat().st_size < 10_000
    monkeypatch.setattr(table_files, "MAX_CELLS", 100_000)
    with pytest.raises(DatasetError, match="200,000 rows"):
        read_table(tmp_path / "a.parquet")


ROWS: dict[str, list[Any]] = {
    "n": [1.5, 2.0, None],
    "b": [True, None, False],
    "t": ["x", None, "y"],
    "d": [date(1970, 1, 2), None, date(1970, 1, 3)],
}
MEANT = {"n": [1.5, 2, None], "b": [1, None, 0], "t": ["x", None, "y"], "d": [1, None, 2]}


def test_frames_dicts_and_files_give_the_same_table(tmp_path: Path) -> None:
    frame = polars.DataFrame(ROWS)
    frame.write_parquet(tmp_path / "a.parquet")
    frame.write_csv(tmp_path / "a.csv")
    rows = [dict(zip(ROWS, values, strict=True)) for values in zip(*ROWS.values(), strict=True)]
    (tmp_path / "packed.npz").write_bytes(pack(table_of(ROWS)))
    tables = [table_of(frame), table_of(ROWS), table_of(rows)]
    tables += [read_table(tmp_path / name) for name in ("a.parquet", "a.csv", "packed.npz")]
    for table in tables:
        assert shown(table) == MEANT
        assert [column.kind for column in table.columns.values()] == [
            "number",
            "boolean",
            "text",
            "date",
        ]


def test_a_pandas_frame_gives_the_same_table() -> None:
    pandas = pytest.importorskip("pandas")
    for frame in (pandas.DataFrame(ROWS), pandas.DataFrame(ROWS).convert_dtypes()):
        assert shown(table_of(frame)) == MEANT
    zoned = pandas.Series(pandas.to_datetime(["1970-01-02T01:00+01:00", None], utc=True))
    levels = pandas.Series(["1", None], dtype="category")
    assert shown(table_of(pandas.DataFrame({"z": zoned, "c": levels}))) == {
        "z": [1, None],
        "c": ["1", None],
    }


def test_arrays_and_archives(tmp_path: Path) -> None:
    features, targets = np.arange(6.0).reshape(3, 2), np.array(["u", "v", "u"])
    np.savez(tmp_path / "a.npz", X=features, y=targets)
    np.savez_compressed(tmp_path / "b.npz", features=features, targets=targets)
    expected = {"x0": [0, 2, 4], "x1": [1, 3, 5], "y": ["u", "v", "u"]}
    assert shown(read_table(tmp_path / "a.npz")) == expected
    assert shown(read_table(tmp_path / "b.npz")) == expected
    assert shown(table_of((features, targets))) == expected
    np.save(tmp_path / "c.npy", np.asfortranarray(features))
    assert shown(read_table(tmp_path / "c.npy")) == {"x0": [0, 2, 4], "x1": [1, 3, 5]}


def test_mixed_scalars_keep_their_types_and_moments_their_zone() -> None:
    table = table_of({"m": [1, "1", True, None, 2.5], "d": [datetime(1970, 1, 2, tzinfo=UTC)] * 5})
    packed = json.loads(json.dumps(list(table.columns["m"].levels)))
    assert packed == [1, "1", True, 2.5]
    assert [type(level) for level in packed] == [int, str, bool, float]
    assert table.columns["d"].values.tolist() == [1.0] * 5


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"a": [1, 2], "b": [1]}, "'b' has 1 values and 'a' has 2"),
        ({}, "no columns"),
        ([[1, 2], [3]], "same number of values"),
        (np.zeros(3), r"\(m, n\)"),
        ("table", "a frame of polars or pandas"),
        (3, "a frame of polars or pandas"),
    ],
)
def test_data_that_is_no_table_is_refused(data: Any, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        table_of(data)
