"""Calls for data sets: add a table of one's own, list, show and remove them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from caviar.service.client.connection import Connection
from caviar.service.contract import schemas
from caviar.service.contract.arguments import listed
from caviar.service.contract.errors import Invalid, NotFound

if TYPE_CHECKING:
    from caviar.engine.data.columns import Table

CHUNK_BYTES = 2**20


class DatasetCalls(Connection):
    """Add, list, show and remove data sets."""

    def datasets(self) -> list[schemas.Dataset]:
        """The data sets for network objectives: those of users first, then the built-in ones."""
        return self._call("GET", "/datasets", schemas.DatasetList).datasets

    def dataset(self, name: str, *, version: str | None = None) -> schemas.DatasetDetail:
        """One data set with its columns, in its newest version or another.

        Raises:
            NotFound: there is none of this name, or not in this version.
        """
        query = {"version": version}
        return self._call("GET", _path(name), schemas.DatasetDetail, query=query)

    def add_dataset(
        self,
        name: str,
        data: Any,
        *,
        target: Any = None,
        regression: bool = False,
        drop: Sequence[str] = (),
    ) -> schemas.DatasetDetail:
        """Add a data set from a table of one's own, or a new version of it.

            client.add_dataset("churn", "churn.csv", target="churn")
            client.add_dataset("churn", frame, target="churn", drop=["customer"])
            client.add_dataset("mine", features, target=labels)

        The same table added again changes nothing.

        Args:
            name: lower-case letters, digits, - and _; what an objective names.
            data: the path of a .csv, .parquet, .npy or .npz file, a frame of polars or pandas, a
                dict of columns, a list of dicts, features (m, n), or features and targets.
            target: the name of the column to predict, or the targets (m,).
            regression: whether the target is a number rather than a class.
            drop: columns that are not used, such as an id.

        Raises:
            Invalid: the table cannot be used; says what to change.
        """
        content, kind, column = _content(data, target)
        query: dict[str, Any] = {
            "target": column,
            "regression": "true" if regression else None,
            "drop": [drop] if isinstance(drop, str) else listed(drop, "drop"),
            "format": kind,
        }
        response = self._send(
            "PUT",
            _path(name),
            query=query,
            content=content,
            headers={
                "Content-Type": "application/octet-stream",
                "Content-Length": str(len(content)),
            },
        )
        return schemas.DatasetDetail.model_validate_json(response.content)

    def remove_dataset(self, name: str) -> None:
        """Remove a data set with all its versions.

        Raises:
            NotFound: there is none of this name.
            Conflict: it is built in, or a study that has not ended trains on it.
        """
        self._send("DELETE", _path(name))

    def download_dataset_file(self, name: str, version: str, file: str, path: Path) -> None:
        """Write one of the files of a prepared data set to a path.

        Raises:
            NotFound: there is no such data set, version or file.
        """
        where = f"{_path(name)}/versions/{quote(version, safe='')}/files/{quote(file, safe='')}"
        path.write_bytes(self._send("GET", where).content)


@dataclass(frozen=True)
class FileContent:
    """The content of a file, read while it is sent, and again if it has to be sent again."""

    path: Path

    def __len__(self) -> int:
        return self.path.stat().st_size

    def __iter__(self) -> Iterator[bytes]:
        with self.path.open("rb") as stream:
            while part := stream.read(CHUNK_BYTES):
                yield part


def _path(name: str) -> str:
    """The path of a data set.

    Raises:
        NotFound: no data set can have this name.
    """
    if not isinstance(name, str):
        raise Invalid.field("name", f"must be a data set's name, not {type(name).__name__}")
    if not re.fullmatch(schemas.SLUG, name):
        raise NotFound(
            f"there is no data set named {name!r}: names are lower-case letters, digits, - and _"
        )
    return f"/datasets/{name}"


def _content(data: Any, target: Any) -> tuple[bytes | FileContent, str, str | None]:
    """What is sent of a table, the kind of file that it is, and the column to predict."""
    # NumPy takes long to import, and most clients add no data set.
    from caviar.engine.data.table_files import kind_of, pack
    from caviar.engine.errors import DatasetError

    try:
        if isinstance(data, str | Path):
            path = Path(data).expanduser()
            if not path.is_file():
                raise Invalid.field("data", f"there is no file {str(data)!r}")
            if not isinstance(target, str | None):
                raise Invalid.field("target", "must be the name of a column of the file")
            return FileContent(path), kind_of(path), target
        table, column = _table(data, target)
        return pack(table), "npz", column
    except DatasetError as error:
        raise Invalid.field("data", str(error)) from error


def _table(data: Any, target: Any) -> tuple[Table, str | None]:
    from caviar.engine.data.tables import table_of
    from caviar.engine.data.texts import inferred

    if target is None and isinstance(data, tuple) and len(data) == 2:
        data, target = data
    if isinstance(target, str | None):
        return inferred(table_of(data)), target
    table = inferred(table_of((data, target)))
    return table, list(table.columns)[-1]
