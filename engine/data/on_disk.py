"""Data sets on disk: folders of plain .npy files, split, standardized and memory-mapped.

Processes that open the same folder share its pages, so that two of them need little more memory
than one.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import ArrayLike

from caviar.engine.arrays import AnyArray
from caviar.engine.data.datasets import FRACTIONS, TASKS, Dataset, Examples, make_dataset
from caviar.engine.data.preprocessing import Preprocessing, preprocessing_from
from caviar.engine.data.scaling import Scaling
from caviar.engine.errors import DatasetError

FORMAT = "caviar dataset"
VERSION = 2
READABLE = (1, 2)
"""Versions that are read; sets of version 1 have no preprocessing."""

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
    labels: Sequence[Any] | None = None,
    version: str | None = None,
    preprocessing: Preprocessing | None = None,
    report: Mapping[str, Any] | None = None,
) -> Dataset:
    """Write the user's features (m, n) and targets (m,) to a folder, and open it as a data set.

    The arrays are split and standardized as by make_dataset, which raises DatasetError if they
    cannot be used. Features may be memory-mapped: they are read and written in chunks. The default
    name is that of the folder. `labels`, `version`, `preprocessing` and `report` are those of the
    data set.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DESCRIPTION).unlink(missing_ok=True)

    def allocate(part: str, shape: tuple[int, ...], dtype: type) -> AnyArray:
        return open_memmap(folder / f"{part}.npy", mode="w+", dtype=np.dtype(dtype), shape=shape)

    dataset = make_dataset(
        name or folder.resolve().name,
        features,
        targets,
        seed=seed,
        regression=regression,
        labels=labels,
        allocate=allocate,
    )
    dataset = replace(dataset, version=version, preprocessing=preprocessing, report=report)
    for part in FRACTIONS:
        examples: Examples = getattr(dataset, part)
        for array in (examples.features, examples.targets):
            if isinstance(array, np.memmap):
                array.flush()
    # Written last: a folder without a description is not a complete data set.
    (folder / DESCRIPTION).write_text(json.dumps(_description(dataset)))
    return open_dataset(folder)


def open_dataset(folder: str | Path) -> Dataset:
    """The data set that save_dataset wrote to a folder, memory-mapped.

    Raises DatasetError if the folder is not a data set or is not consistent.
    """
    folder = Path(folder)
    path = folder / DESCRIPTION
    if not path.is_file() or path.stat().st_size > MAX_DESCRIPTION_BYTES:
        raise DatasetError(f"{folder.name} is not the folder of a data set: no {DESCRIPTION}")
    try:
        return _read(folder, json.loads(path.read_text()))
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise DatasetError(f"{folder.name} cannot be opened: {error}") from error


def _description(dataset: Dataset) -> dict[str, Any]:
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
        "content": dataset.version,
        "preprocessing": dataset.preprocessing and dataset.preprocessing.to_json(),
        "report": dataset.report and dict(dataset.report),
    }


def _read(folder: Path, description: dict[str, Any]) -> Dataset:
    if description["format"] != FORMAT or description["version"] not in READABLE:
        raise DatasetError(
            f"{folder.name} is not in the format {FORMAT!r} of version 1 or {VERSION}"
        )
    if description["task"] not in TASKS:
        raise DatasetError(f"{folder.name} has an unknown task")
    scaling = Scaling(
        mean=np.array(description["mean"], np.float64),
        deviation=np.array(description["deviation"], np.float64),
        target_mean=float(description["target_mean"]),
        target_deviation=float(description["target_deviation"]),
    )
    dtype = np.dtype(np.float32 if description["task"] == "regression" else np.int64)
    parts = {part: _part(folder, part, len(scaling.mean), dtype) for part in FRACTIONS}
    return Dataset(
        name=description["name"],
        task=description["task"],
        labels=tuple(description["labels"]),
        training=parts["training"],
        validation=parts["validation"],
        test=parts["test"],
        scaling=scaling,
        split=MappingProxyType(description["split"]),
        version=description.get("content"),
        preprocessing=_preprocessing(description, len(scaling.mean)),
        report=description.get("report"),
    )


def _preprocessing(description: dict[str, Any], features: int) -> Preprocessing | None:
    fields = description.get("preprocessing")
    if fields is None:
        return None
    preprocessing = preprocessing_from(fields)
    if len(preprocessing.features) != features:
        raise DatasetError("the preprocessing makes another number of features")
    return preprocessing


def _part(folder: Path, part: str, features: int, dtype: np.dtype[Any]) -> Examples:
    values = np.load(folder / f"{part}_features.npy", mmap_mode="r", allow_pickle=False)
    targets = np.load(folder / f"{part}_targets.npy", mmap_mode="r", allow_pickle=False)
    if values.dtype != np.float32 or targets.dtype != dtype:
        raise DatasetError(f"{folder.name} has a {part} part of the wrong dtypes")
    if values.shape != (len(targets), features) or len(targets) == 0:
        raise DatasetError(f"{folder.name} has a {part} part of the wrong size")
    return Examples(values, targets)
