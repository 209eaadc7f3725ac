"""Data sets: split and standardized, the built-in ones once per process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from caviar.engine.arrays import Labels, Targets
from caviar.engine.data.builtin import BUNDLED, REGRESSION
from caviar.engine.data.scaling import CHUNK, Scaling, moments
from caviar.engine.draws import split_order
from caviar.engine.errors import DatasetError
from caviar.engine.metrics import Spread

Features = NDArray[np.float32]
Allocate = Callable[[str, tuple[int, ...], type], NDArray[Any]]
"""(name, shape, type) -> an array to be filled."""

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
    "regression": Task("half_squared_error", lambda classes: 1),
}


@dataclass(frozen=True, eq=False)
class Examples:
    """One part of a data set: features (m, n), standardized, and targets (m,).

    Targets are labels 0 … C - 1, or in regression standardized numbers.
    """

    features: Features
    targets: Targets

    def __len__(self) -> int:
        return len(self.targets)

    @cached_property
    def variance(self) -> float:
        """Of the targets."""
        return float(np.var(self.targets, dtype=np.float64))


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """A data set in its three parts. The arrays are read-only, for every trial shares them."""

    name: str
    task: str
    """A key of TASKS."""
    labels: tuple[Any, ...]
    """What the user calls the classes 0 … C - 1; none in regression."""
    training: Examples
    validation: Examples
    test: Examples
    scaling: Scaling
    split: Mapping[str, Any]
    """How the parts were made: fractions, seed, counts, stratified. Plain JSON values."""

    @property
    def features(self) -> int:
        """The number of features, n."""
        return int(self.training.features.shape[1])

    @property
    def classes(self) -> int:
        """The number of classes, C; 0 in regression."""
        return len(self.labels)

    def spread(self, part: Examples) -> Spread:
        """What the metrics of a part need to know of its targets."""
        variance = part.variance if self.task == "regression" else 0.0
        return Spread(deviation=self.scaling.target_deviation, variance=variance)


@lru_cache
def load_dataset(name: str) -> Dataset:
    """The data set of that name, the same object each time. DatasetError names those that exist."""
    if name not in DATASETS:
        raise DatasetError(f"there is no data set {name!r}; there are {', '.join(DATASETS)}")
    features, targets = DATASETS[name]()
    return make_dataset(name, features, targets, seed=SPLIT_SEED, regression=name in REGRESSION)


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


def make_dataset(
    name: str,
    features: ArrayLike,
    targets: ArrayLike,
    *,
    seed: int,
    regression: bool = False,
    allocate: Allocate | None = None,
) -> Dataset:
    """Split features (m, n) and targets (m,); standardize both by the training part.

    Targets are classes, called by numbers or strings, which are dealt out one by one so that every
    part has its share of each; or with `regression` numbers, standardized too. Two classes make a
    binary task of one output, more a multiclass one. Features are read in chunks, so they may lie
    in a file. DatasetError says what is wrong with the arrays.
    """
    values, wanted = np.asarray(features), np.asarray(targets)
    _check(values, wanted, regression)
    labels: tuple[Any, ...] = ()
    if regression:
        wanted = wanted.astype(np.float64)
        strata = np.zeros(len(wanted), np.int64)
    else:
        unique, strata = np.unique(wanted, return_inverse=True)
        labels = tuple(unique.tolist())
        wanted = strata = strata.astype(np.int64)
        if len(labels) < 2:
            raise DatasetError(f"targets must be of two classes at least, not all {labels[0]!r}")
    parts = _stratified(strata, max(len(labels), 1), seed)
    empty = [part for part, rows in parts.items() if not len(rows)]
    if empty:
        raise DatasetError(f"{len(wanted)} examples leave none for the {empty[0]} part")
    scaling = _fit(values, wanted, parts["training"], regression)
    make = allocate or _in_memory
    examples = {
        part: _examples(part, values, wanted, rows, scaling, make, regression)
        for part, rows in parts.items()
    }
    split = {
        "fractions": dict(FRACTIONS),
        "seed": seed,
        "counts": {part: len(rows) for part, rows in parts.items()},
        "stratified": not regression,
    }
    return Dataset(
        name=name,
        task="regression" if regression else "binary" if len(labels) == 2 else "multiclass",
        labels=labels,
        training=examples["training"],
        validation=examples["validation"],
        test=examples["test"],
        scaling=scaling,
        split=MappingProxyType(split),
    )


def _check(features: NDArray[Any], targets: NDArray[Any], regression: bool) -> None:
    if features.ndim != 2 or features.shape[1] < 1:
        raise DatasetError(f"features must be an array (m, n), not {features.shape}")
    if targets.shape != features.shape[:1]:
        raise DatasetError(
            f"targets must be one for each of {len(features)} examples, not {targets.shape}"
        )
    if len(targets) == 0:
        raise DatasetError("there must be at least one example")
    if features.dtype.kind not in "biuf":
        raise DatasetError(f"features must be numbers, not {features.dtype}")
    for start in range(0, len(features), CHUNK):
        if not np.isfinite(features[start : start + CHUNK]).all():
            raise DatasetError("features must be finite")
    if targets.dtype.kind not in ("biuf" if regression else "biufU"):
        raise DatasetError(f"targets of this task cannot be {targets.dtype}")
    if targets.dtype.kind == "f" and not np.isfinite(targets).all():
        raise DatasetError("targets must be finite")


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


def _fit(
    features: NDArray[Any], targets: Targets, rows: NDArray[np.int64], regression: bool
) -> Scaling:
    mean, deviation = moments(features, rows)
    if not regression:
        return Scaling(mean=mean, deviation=deviation)
    target_mean, target_deviation = moments(targets[:, None], rows)
    return Scaling(
        mean=mean,
        deviation=deviation,
        target_mean=float(target_mean[0]),
        target_deviation=float(target_deviation[0]),
    )


def _examples(
    part: str,
    features: NDArray[Any],
    targets: Targets,
    rows: NDArray[np.int64],
    scaling: Scaling,
    allocate: Allocate,
    regression: bool,
) -> Examples:
    values = allocate(f"{part}_features", (len(rows), features.shape[1]), np.float32)
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        values[start : start + len(chunk)] = scaling.features(features[chunk])
    wanted = allocate(f"{part}_targets", (len(rows),), np.float32 if regression else np.int64)
    wanted[...] = scaling.targets(targets[rows]) if regression else targets[rows]
    for array in (values, wanted):
        array.flags.writeable = False
    return Examples(values, wanted)


def _in_memory(name: str, shape: tuple[int, ...], kind: type) -> NDArray[Any]:
    return np.empty(shape, kind)
