"""Data sets: those that users add, prepared once, beside those that are built in.

Their files are in the data folder of the server, in a folder named by the hash of their content;
the database has their names. A row is written when its files are in place, and is removed before
they are, so that what the database has is whole.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from caviar import engine
from caviar.engine.data import library, table_files
from caviar.service.contract import schemas
from caviar.service.contract.errors import Conflict, Invalid, NotFound
from caviar.service.server import store
from caviar.service.server.rules import datasets as rules
from caviar.service.server.rules.presenters.times import timestamp
from caviar.service.server.rules.quotas import named, quotas
from caviar.service.server.store.database import Database
from caviar.service.server.store.disk import full_disk
from caviar.service.server.store.models import DatasetRow

UPLOAD = "upload-"
STALE_SECONDS = 86_400
"""After this time a temporary folder is what a killed server left."""

_preparing = threading.Lock()
"""One table is prepared at a time: it takes memory and all cores."""


def use_folder(database: Database) -> None:
    """Let this process find the data sets of a database's data folder."""
    if database.datasets is not None:
        library.register(database.datasets)


def list_all(database: Database) -> schemas.DatasetList:
    """The data sets that a network objective can train on, the users' own first."""
    with database.read() as session:
        own = [_summary(row) for row in store.datasets.newest(session)]
    builtin = [_builtin(name) for name in sorted(engine.DATASETS)]
    return schemas.DatasetList(datasets=[*own, *builtin])


def show(database: Database, name: str, version: str | None = None) -> schemas.DatasetDetail:
    """One data set with its columns, in its newest version or another.

    Raises:
        NotFound: there is none of this name, or not in this version.
    """
    if name in engine.DATASETS and version is None:
        dataset = _builtin(name)
        labels = list(engine.load_dataset(name).labels)
        return schemas.DatasetDetail(**dataset.model_dump(), labels=labels)
    with database.read() as session:
        rows = store.datasets.of(session, name)
        return _detail(_of_version(session, rows, name, version), rows)


@contextmanager
def upload(database: Database) -> Iterator[Path]:
    """A path for a file that is being sent, on the disk of the data folder; removed at the end.

    Raises:
        Conflict: this server has no data folder.
        OutOfSpace: the disk is full.
    """
    folder = _folder(database)
    with full_disk():
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        with tempfile.TemporaryDirectory(prefix=UPLOAD, dir=folder) as made:
            yield Path(made) / "table"


def put(
    database: Database,
    name: str,
    path: Path,
    *,
    kind: str | None = None,
    target: str | None = None,
    regression: bool = False,
    drop: Sequence[str] = (),
) -> tuple[schemas.DatasetDetail, bool]:
    """Prepare the table in a file as the newest version of a data set; whether it is new.

    Args:
        database: the database, with the data folder.
        name: the name of the data set.
        path: the file.
        kind: the kind of the file; by default its first bytes tell.
        target: the column to predict.
        regression: whether the target is a number rather than a class.
        drop: columns that are not used.

    Raises:
        Invalid: the name is that of a built-in set, or the table cannot be used; says why.
        Conflict: the server has no data folder, or the set has too many versions.
    """
    if name in engine.DATASETS:
        raise Invalid.field("name", f"{name!r} is built in: choose another name")
    folder = _folder(database)
    use_folder(database)
    try:
        with _preparing, full_disk():
            table = table_files.read_table(path, kind=kind or _kind_of(path))
            dataset = library.add_dataset(
                folder, name, table, target=target, regression=regression, drop=drop
            )
    except engine.DatasetError as error:
        raise Invalid.field(error.field, str(error)) from error
    description = _description(dataset, folder)
    assert dataset.version is not None
    version = dataset.version

    def work(session: Session) -> tuple[schemas.DatasetDetail, bool]:
        versions = {row.version for row in store.datasets.of(session, name, lock=True)}
        if len(versions | {version}) > quotas().dataset_versions:
            raise Conflict(
                f"{name!r} has {len(versions)} versions, of {named('dataset_versions')}: remove "
                "it, or choose another name"
            )
        row = DatasetRow(
            name=name, version=version, description=description, created_at=database.now(session)
        )
        is_new = store.datasets.put(session, row)
        rows = store.datasets.of(session, name)
        return _detail(rows[0], rows), is_new

    return database.write(work)


def delete(database: Database, name: str) -> None:
    """Delete a data set with all its versions.

    Raises:
        NotFound: there is none of this name.
        Conflict: it is built in, or a study that has not ended trains on it.
    """
    if name in engine.DATASETS:
        raise Conflict(f"{name!r} is built in: it cannot be removed")

    def work(session: Session) -> list[str]:
        rows = store.datasets.of(session, name, lock=True)
        if not rows:
            raise NotFound(rules.unknown(session, name))
        rules.require_unused(session, name)
        versions = [row.version for row in rows]
        store.datasets.remove(session, name)
        return [version for version in versions if not store.datasets.is_used(session, version)]

    unused = database.write(work)
    if database.datasets is not None:
        for version in unused:
            library.remove(database.datasets, version)


def file(database: Database, name: str, version: str, file: str) -> Path:
    """The path of one of a data set's files, for a worker that has no copy.

    Raises:
        NotFound: there is no such data set, version or file.
    """
    if file not in library.FILES:
        raise NotFound(f"there is no file {file!r}: a data set has {', '.join(library.FILES)}")
    with database.read() as session:
        row = _of_version(session, store.datasets.of(session, name), name, version)
    path = _folder(database) / row.version / file
    if not path.is_file():
        raise NotFound(
            f"the files of {name!r} are not in this server's data folder: servers that share a "
            "database must share the folder of --data"
        )
    return path


def _folder(database: Database) -> Path:
    if database.datasets is None:
        raise Conflict("this server has no data folder: start it with --data FOLDER")
    return database.datasets


def _kind_of(path: Path) -> str:
    with path.open("rb") as stream:
        return table_files.kind_of_content(stream.read(16))


def _sweep(folder: Path) -> None:
    """Remove what servers that were killed left here."""
    for path in folder.iterdir():
        is_temporary = path.name.startswith((UPLOAD, library.TEMPORARY))
        if is_temporary and time.time() - path.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _description(dataset: engine.Dataset, folder: Path) -> dict[str, Any]:
    report = dict(dataset.report or {})
    assert dataset.version is not None
    hashes = library.file_hashes(folder / dataset.version)
    return {
        **engine.describe(dataset),
        **report,
        "labels": list(dataset.labels),
        "files": [
            {"name": name, "bytes": size, "sha256": digest}
            for name, (size, digest) in hashes.items()
        ],
    }


def _builtin(name: str) -> schemas.Dataset:
    described = engine.describe_dataset(name)
    return schemas.Dataset(**described, rows=sum(described["split"]["counts"].values()))


def _summary(row: DatasetRow) -> schemas.Dataset:
    return schemas.Dataset.model_validate(_fields(row))


def _detail(row: DatasetRow, rows: Sequence[DatasetRow]) -> schemas.DatasetDetail:
    fields = _fields(row) | {"versions": [other.version for other in rows]}
    return schemas.DatasetDetail.model_validate(fields)


def _fields(row: DatasetRow) -> dict[str, Any]:
    return row.description | {
        "name": row.name,
        "version": row.version,
        "builtin": False,
        "created_at": timestamp(row.created_at),
    }


def _of_version(
    session: Session, rows: Sequence[DatasetRow], name: str, version: str | None
) -> DatasetRow:
    if not rows:
        raise NotFound(rules.unknown(session, name))
    if version is None:
        return rows[0]
    found = next((row for row in rows if row.version == version), None)
    if found is None:
        raise NotFound(f"data set {name!r} has no version {version!r}")
    return found
