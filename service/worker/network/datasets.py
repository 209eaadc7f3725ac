"""The data set of a study: built in, in a folder of this machine, or downloaded once.

`CAVIAR_DATASETS` names folders that have data sets already, such as that of the server beside this
worker. What none of them has is downloaded to the cache folder: `CAVIAR_CACHE`, or else the cache
folder of the user.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path

from caviar import engine
from caviar.engine.data import library
from caviar.service.client import Client
from caviar.service.contract import schemas
from caviar.service.contract.errors import Unavailable

FOLDERS = "CAVIAR_DATASETS"
CACHE = "CAVIAR_CACHE"


def dataset_of(client: Client, objective: schemas.NetworkObjective) -> engine.Dataset:
    """The data set that an objective trains on, memory-mapped if a user has added it.

    Raises:
        NotFound: the server has it no longer.
        Unavailable: it did not arrive as the server described it, or cannot be stored here.
    """
    name, version = objective.dataset, objective.version
    if version is None:
        return engine.load_dataset(name)
    cache = cache_folder()
    for folder in (*_given_folders(), cache):
        library.register(folder)
    if library.find(version) is None:
        _download(client, name, version, cache)
    return engine.load_dataset(name, version)


def cache_folder() -> Path:
    """The folder for downloaded data sets."""
    given = os.environ.get(CACHE)
    if given:
        return Path(given) / "datasets"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "caviar" / "datasets"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "caviar" / "datasets"


def _given_folders() -> list[Path]:
    given = os.environ.get(FOLDERS, "")
    return [Path(folder) for folder in given.split(os.pathsep) if folder]


def _download(client: Client, name: str, version: str, cache: Path) -> None:
    """Put the files of a version into the cache, all of them or none."""
    files = client.dataset(name, version=version).files
    if {file.name for file in files} != set(library.FILES):
        raise Unavailable(f"the server describes other files of data set {name!r}: update Caviar")
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=library.TEMPORARY, dir=cache) as made:
            folder = Path(made) / "set"
            folder.mkdir()
            for file in files:
                path = folder / file.name
                client.download_dataset_file(name, version, file.name, path)
                _check(path, file)
            library.put(folder, cache / version)
    except OSError as error:
        raise Unavailable(
            f"data set {name!r} cannot be stored in {cache}: {error.strerror or error}; {CACHE} "
            "names another folder"
        ) from error


def _check(path: Path, file: schemas.DatasetFile) -> None:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if path.stat().st_size != file.bytes or digest != file.sha256:
        raise Unavailable(f"{file.name} did not arrive as the server has it: try again")
