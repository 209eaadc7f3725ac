"""Data sets in folders: plain .npy files, split and standardized, mapped into memory.

Processes that open one share its pages, so that two of them take little more memory than one.
"""

import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import ArrayLike, NDArray

from caviar.engine.data.datasets import FRACTIONS, TASKS, Dataset, Examples, make_dataset
from caviar.engine.data.scaling import Scaling
from caviar.engine.errors import DatasetError

FORMAT = "caviar dataset"
VERSION = 1
DESCRIPTION = "dataset.json"
MAX_DESCRIPTION_BYTES = 16 * 2**20


def save_dataset(
    folder: str | Path,
    features: ArrayLike,
    targets: ArrayLike,
    *,
    name: str | None = None,
    seed: int = 0,
    regression: bool = False,
) -> Dataset:
    """Write arrays of the user's own, as make_dataset splits them, into a folder; and open it.

    Features may be mapped into memory themselves: they are read and written in chunks.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    (place / DESCRIPTION).unlink(missing_ok=True)

    def allocate(part: str, shape: tuple[int, ...], kind: type) -> NDArray[Any]:
        return open_memmap(place / f"{part}.npy", mode="w+", dtype=np.dtype(kind), shape=shape)

    dataset = make_dataset(
        name or place.resolve().name,
        features,
        targets,
        seed=seed,
        regression=regression,
        allocate=allocate,
    )
    for part in FRACTIONS:
        examples: Examples = getattr(dataset, part)
        for array in (examples.features, examples.targets):
            if isinstance(array, np.memmap):
                array.flush()
    # Written last: a folder without a description is not a data set yet.
    (place / DESCRIPTION).write_text(json.dumps(_described(dataset)))
    return open_dataset(place)


def open_dataset(folder: str | Path) -> Dataset:
    """The data set that save_dataset wrote, mapped into memory. DatasetError if it is none."""
    place = Path(folder)
    path = place / DESCRIPTION
    if not path.is_file() or path.stat().st_size > MAX_DESCRIPTION_BYTES:
        raise DatasetError(f"{place.name} is no folder of a data set: it lacks {DESCRIPTION}")
    try:
        return _read(place, json.loads(path.read_text()))
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise DatasetError(f"{place.name} cannot be opened: {error}") from error


def _described(dataset: Dataset) -> dict[str, Any]:
    scaling = dataset.scaling
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": dataset.name,
        "task": dataset.task,
        "labels": list(dataset.labels),
        "split": dict(dataset.split),
        "mean": scaling.mean.tolist(),
        "deviation": scaling.deviation.tolist(),
        "target_mean": scaling.target_mean,
        "target_deviation": scaling.target_deviation,
    }


def _read(place: Path, description: dict[str, Any]) -> Dataset:
    if (description["format"], description["version"]) != (FORMAT, VERSION):
        raise DatasetError(f"{place.name} is not of this version of Caviar")
    if description["task"] not in TASKS:
        raise DatasetError(f"{place.name} is of an unknown task")
    scaling = Scaling(
        mean=np.array(description["mean"], np.float64),
        deviation=np.array(description["deviation"], np.float64),
        target_mean=float(description["target_mean"]),
        target_deviation=float(description["target_deviation"]),
    )
    kind = np.dtype(np.float32 if description["task"] == "regression" else np.int64)
    parts = {part: _part(place, part, len(scaling.mean), kind) for part in FRACTIONS}
    return Dataset(
        name=description["name"],
        task=description["task"],
        labels=tuple(description["labels"]),
        training=parts["training"],
        validation=parts["validation"],
        test=parts["test"],
        scaling=scaling,
        split=MappingProxyType(description["split"]),
    )


def _part(place: Path, part: str, features: int, kind: np.dtype[Any]) -> Examples:
    values = np.load(place / f"{part}_features.npy", mmap_mode="r", allow_pickle=False)
    targets = np.load(place / f"{part}_targets.npy", mmap_mode="r", allow_pickle=False)
    if values.dtype != np.float32 or targets.dtype != kind:
        raise DatasetError(f"{place.name} has a {part} part of the wrong types")
    if values.shape != (len(targets), features) or len(targets) == 0:
        raise DatasetError(f"{place.name} has a {part} part of the wrong size")
    return Examples(values, targets)
