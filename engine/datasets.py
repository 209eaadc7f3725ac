"""Data sets: split and standardized, the built-in ones once per process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.arrays import Labels
from engine.bundled import BUNDLED
from engine.draws import split_order
from engine.errors import DatasetError

Features = NDArray[np.float32]

DATASETS = BUNDLED
"""What can be loaded by name."""

SPLIT_SEED = 0
FRACTIONS = {"training": 0.6, "validation": 0.2, "test": 0.2}


@dataclass(frozen=True)
class Task:
    """What a data set asks of a network: its loss, and its outputs for a number of classes."""

    loss: str
    outputs: Callable[[int], int]


TASKS: Mapping[str, Task] = {
    "multiclass": Task("softmax_cross_entropy", lambda classes: classes),
    "binary": Task("binary_cross_entropy", lambda classes: 1),
}


@dataclass(frozen=True, eq=False)
class Examples:
    """One part of a data set: features (m, n), standardized, and labels (m,)."""

    features: Features
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """A data set in its three parts. The arrays are read-only, for every trial shares them."""

    name: str
    task: str
    """A key of TASKS."""
    classes: int
    training: Examples
    validation: Examples
    test: Examples
    split: Mapping[str, Any]
    """How the parts were made: fractions, seed, counts, stratified. Plain JSON values."""

    @property
    def features(self) -> int:
        """The number of features, n."""
        return int(self.training.features.shape[1])


@lru_cache
def load_dataset(name: str) -> Dataset:
    """The data set of that name, the same object each time. DatasetError names those that exist."""
    if name not in DATASETS:
        raise DatasetError(f"there is no data set {name!r}; there are {', '.join(DATASETS)}")
    features, labels = DATASETS[name]()
    return make_dataset(name, features, labels, seed=SPLIT_SEED)


def describe_dataset(name: str) -> dict[str, Any]:
    """Name, task, features, classes and split of a data set, as plain JSON values."""
    dataset = load_dataset(name)
    return {
        "name": dataset.name,
        "task": dataset.task,
        "features": dataset.features,
        "classes": dataset.classes,
        "split": dict(dataset.split),
    }


def make_dataset(name: str, features: NDArray[Any], labels: NDArray[Any], *, seed: int) -> Dataset:
    """Split features (m, n) and labels (m,), 0 … C - 1, by class; standardize by the training part.

    Two classes make a binary task of one output, more a multiclass one.
    """
    labels = np.asarray(labels, dtype=np.int64)
    classes = int(labels.max()) + 1
    parts = _stratified(labels, classes, seed)
    mean, deviation = _moments(features[parts["training"]])
    examples = {
        part: _examples((features[rows] - mean) / deviation, labels[rows])
        for part, rows in parts.items()
    }
    split = {
        "fractions": dict(FRACTIONS),
        "seed": seed,
        "counts": {part: len(rows) for part, rows in parts.items()},
        "stratified": True,
    }
    return Dataset(
        name=name,
        task="binary" if classes == 2 else "multiclass",
        classes=classes,
        training=examples["training"],
        validation=examples["validation"],
        test=examples["test"],
        split=MappingProxyType(split),
    )


def _stratified(labels: Labels, classes: int, seed: int) -> dict[str, NDArray[np.int64]]:
    """The rows of each part, ascending: every class is dealt out by FRACTIONS on its own."""
    dealt: dict[str, list[NDArray[np.int64]]] = {part: [] for part in FRACTIONS}
    ends = np.cumsum(list(FRACTIONS.values()))
    for label in range(classes):
        rows = np.flatnonzero(labels == label)
        rows = rows[split_order(seed, label, len(rows))]
        cuts = np.rint(ends[:-1] * len(rows)).astype(int)
        for part, piece in zip(FRACTIONS, np.split(rows, cuts), strict=True):
            dealt[part].append(piece)
    return {part: np.sort(np.concatenate(pieces)) for part, pieces in dealt.items()}


def _moments(features: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation (n,) of each feature; a constant one becomes 0 by (value, 1)."""
    values = features.astype(np.float64)
    # The computed moments of a constant column are off by rounding noise, which would be blown up.
    constant = np.ptp(values, axis=0) == 0
    mean = np.where(constant, values[0], values.mean(axis=0))
    return mean, np.where(constant, 1.0, values.std(axis=0))


def _examples(features: NDArray[np.float64], labels: Labels) -> Examples:
    values = np.ascontiguousarray(features, dtype=np.float32)
    values.flags.writeable = False
    labels.flags.writeable = False
    return Examples(values, labels)
