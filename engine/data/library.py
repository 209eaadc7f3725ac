"""The library: data sets by name, built in or prepared from tables of the user's own.

A prepared set is a folder named by the hash of its content, its version. It is looked for in the
folders that were registered, so that a server, its workers and a notebook share one copy.
"""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from caviar.engine.data.builtin import BUILTIN, REGRESSION
from caviar.engine.data.columns import Table
from caviar.engine.data.datasets import FRACTIONS, SPLIT_SEED, Dataset, make_dataset
from caviar.engine.data.on_disk import DESCRIPTION, open_dataset, save_dataset
from caviar.engine.data.preparation import prepare
from caviar.engine.errors import DatasetError

DATASETS = BUILTIN
"""The data sets that are built in, by name."""

FILES = (
    DESCRIPTION,
    *(f"{part}_{what}.npy" for part in FRACTIONS for what in ("features", "targets")),
)
"""The files of a prepared set."""

VERSION = re.compile(r"[0-9a-f]{32}")

TEMPORARY = "new-"
"""How the name of a folder begins whose data set is not whole yet."""

HOW_TO_ADD = "add one of your own with `caviar data add FILE --target COLUMN`"

_FOLDERS: list[Path] = []


def register(folder: str | Path) -> None:
    """Let data sets be found in a folder, which need not exist yet."""
    path = Path(folder).absolute()
    if path not in _FOLDERS:
        _FOLDERS.append(path)


def load_dataset(name: str, version: str | None = None) -> Dataset:
    """The built-in data set of that name, or a prepared one of that version.

    The same object on every call. A prepared set is memory-mapped.

    Raises DatasetError, which lists the known names, if there is none.
    """
    return _builtin(name) if version is None else _prepared(name, version)


@lru_cache
def _builtin(name: str) -> Dataset:
    if name not in DATASETS:
        raise DatasetError(
            f"unknown data set {name!r}; known are {', '.join(DATASETS)}: {HOW_TO_ADD}"
        )
    features, targets = DATASETS[name]()
    return make_dataset(name, features, targets, seed=SPLIT_SEED, regression=name in REGRESSION)


@lru_cache(maxsize=64)
def _prepared(name: str, version: str) -> Dataset:
    folder = find(version)
    if folder is None:
        raise DatasetError(
            f"the files of data set {name!r}, version {version:.40}, are not here: add it again "
            "with `caviar data add FILE --target COLUMN`"
        )
    return replace(open_dataset(folder), name=name)


def find(version: str) -> Path | None:
    """The folder of a version, in the first registered folder that has it."""
    if not VERSION.fullmatch(version):
        return None
    return next(
        (at for at in (f / version for f in _FOLDERS) if (at / DESCRIPTION).is_file()), None
    )


def add_dataset(
    folder: str | Path,
    name: str,
    table: Table,
    *,
    target: str | None = None,
    regression: bool = False,
    drop: Collection[str] = (),
) -> Dataset:
    """Prepare a table as a set in a folder, which is made if needed; nothing is half stored.

    A table that was prepared in the same way before is not prepared again.

    Raises DatasetError, which names the column, if the table cannot be used.
    """
    folder = Path(folder)
    prepared = prepare(table, target=target, regression=regression, drop=drop)
    final = folder / prepared.version
    if not (final / DESCRIPTION).is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=folder) as made:
            save_dataset(
                Path(made) / "set",
                prepared.features,
                prepared.target.values,
                name=name,
                seed=SPLIT_SEED,
                regression=regression,
                labels=None if regression else prepared.target.labels,
                version=prepared.version,
                preprocessing=prepared.preprocessing,
                report=prepared.report,
            )
            put(Path(made) / "set", final)
    return replace(open_dataset(final), name=name)


def put(made: Path, final: Path) -> None:
    """Move a finished folder to its place, unless another process was faster."""
    for file in made.iterdir():
        with file.open("rb") as stream:
            os.fsync(stream.fileno())
    try:
        made.rename(final)
    except OSError:
        if not (final / DESCRIPTION).is_file():
            raise


def remove(folder: str | Path, version: str) -> None:
    """Delete the files of a version. Processes that have it open keep their pages."""
    path = Path(folder) / version
    with suppress(OSError):
        # A folder without its description is no data set: it is gone at once.
        (path / DESCRIPTION).unlink()
    shutil.rmtree(path, ignore_errors=True)
    _prepared.cache_clear()


def file_hashes(folder: Path) -> dict[str, tuple[int, str]]:
    """Size in bytes and SHA-256 of each file of a prepared set."""
    found: dict[str, tuple[int, str]] = {}
    for name in FILES:
        with (folder / name).open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        found[name] = (folder / name).stat().st_size, digest
    return found


def describe_dataset(name: str, version: str | None = None) -> dict[str, Any]:
    """Name, task, features, classes and split of a data set, as plain JSON values.

    Raises DatasetError if there is no such data set.
    """
    return describe(load_dataset(name, version))


def describe(dataset: Dataset) -> dict[str, Any]:
    """Name, task, features, classes and split of a data set, as plain JSON values."""
    return {
        "name": dataset.name,
        "task": dataset.task,
        "features": dataset.features,
        "classes": dataset.classes,
        "split": dict(dataset.split),
    }
