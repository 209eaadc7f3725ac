"""Data sets: split into parts and standardized."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from caviar.engine.arrays import AnyArray, Float32Array, Indices, Labels, Targets
from caviar.engine.data.preprocessing import Preprocessing
from caviar.engine.data.scaling import CHUNK_EXAMPLES, Scaling, moments
from caviar.engine.draws import split_order
from caviar.engine.errors import DatasetError
from caviar.engine.metrics import TargetStatistics

Allocate: TypeAlias = Callable[[str, tuple[int, ...], type], AnyArray]
"""(name, shape, dtype) -> an array to be filled."""

SPLIT_SEED = 0
FRACTIONS = {"training": 0.6, "validation": 0.2, "test": 0.2}
"""The share of the examples in each part."""


@dataclass(frozen=True)
class Task:
    """What a task requires of a network: its loss, and its outputs for a number of classes."""

    loss: str
    outputs: Callable[[int], int]


TASKS: Mapping[str, Task] = {
    "multiclass": Task("softmax_cross_entropy", lambda classes: classes),
    "binary": Task("binary_cross_entropy", lambda classes: 1),
    "regression": Task("half_squared_error", lambda classes: 1),
}


@dataclass(frozen=True, eq=False)
class Examples:
    """One part of a data set: standardized features (m, n) and targets (m,).

    Targets are labels 0 … C - 1, or standardized numbers in regression.
    """

    features: Float32Array
    targets: Targets

    def __len__(self) -> int:
        return len(self.targets)

    @cached_property
    def variance(self) -> float:
        """The variance of the targets."""
        return float(np.var(self.targets, dtype=np.float64))


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """A data set in three parts. The arrays are read-only because all trials share them."""

    name: str
    task: str
    """A key of TASKS."""
    labels: tuple[Any, ...]
    """The user's labels of the classes 0 … C - 1; empty in regression."""
    training: Examples
    validation: Examples
    test: Examples
    scaling: Scaling
    split: Mapping[str, Any]
    """How the parts were made: fractions, seed, counts, stratified. Plain JSON values."""
    version: str | None = None
    """Of a set of the user's: the hash of its content."""
    preprocessing: Preprocessing | None = None
    """Of a set of the user's: how raw rows become features."""
    report: Mapping[str, Any] | None = None
    """Of a set of the user's: its columns and warnings, as plain JSON values."""

    def __repr__(self) -> str:
        """One line: name, task and sizes."""
        parts = (len(part) for part in (self.training, self.validation, self.test))
        classes = f", {self.classes} classes" if self.labels else ""
        return (
            f"<Dataset {self.name}: {self.task}, {self.features} features{classes}, "
            f"{' + '.join(f'{count:,}' for count in parts)} examples>"
        )

    @property
    def features(self) -> int:
        """The number of features, n."""
        return int(self.training.features.shape[1])

    @property
    def classes(self) -> int:
        """The number of classes, C; 0 in regression."""
        return len(self.labels)

    def target_statistics(self, part: Examples) -> TargetStatistics:
        """The statistics of a part's targets that its metrics need."""
        variance = part.variance if self.task == "regression" else 0.0
        return TargetStatistics(deviation=self.scaling.target_deviation, variance=variance)


def make_dataset(
    name: str,
    features: ArrayLike,
    targets: ArrayLike,
    *,
    seed: int,
    regression: bool = False,
    labels: Sequence[Any] | None = None,
    allocate: Allocate | None = None,
) -> Dataset:
    """Split features (m, n) and targets (m,), and standardize them by the training part.

    Targets are classes, which are numbers or strings, and every part gets its share of each; with
    `regression` they are numbers and are standardized too. Two classes make a binary task with one
    output, more classes a multiclass task. Features are read in chunks, so they may be a
    memory-mapped file. With `labels` the targets are classes 0 … C - 1, and these are their labels,
    which may be of any kind. `allocate` creates the arrays of the parts, by default in memory.

    Raises DatasetError if the arrays do not fit, are not finite or leave a part empty, or if the
    classes are fractions.
    """
    raw_features, raw_targets = np.asarray(features), np.asarray(targets)
    _check(raw_features, raw_targets, regression)
    known: tuple[Any, ...] = ()
    if regression:
        encoded: Targets = raw_targets.astype(np.float64)
    elif labels is not None:
        known, encoded = tuple(labels), raw_targets.astype(np.int64)
    else:
        unique, inverse = np.unique(raw_targets, return_inverse=True)
        known, encoded = tuple(unique.tolist()), inverse.astype(np.int64)
    if not regression and len(known) < 2:
        raise DatasetError(f"targets must have at least two classes, not only {known[0]!r}")
    parts = split_rows(encoded, len(known), seed)
    empty = [part for part, rows in parts.items() if not len(rows)]
    if empty:
        raise DatasetError(f"{len(encoded)} examples leave none for the {empty[0]} part")
    scaling = _fit_scaling(raw_features, encoded, parts["training"], regression)
    examples = {
        part: _examples(
            part, raw_features, encoded, rows, scaling, allocate or _in_memory, regression
        )
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
        task="regression" if regression else "binary" if len(known) == 2 else "multiclass",
        labels=known,
        training=examples["training"],
        validation=examples["validation"],
        test=examples["test"],
        scaling=scaling,
        split=MappingProxyType(split),
    )


def _check(features: AnyArray, targets: AnyArray, regression: bool) -> None:
    if features.ndim != 2 or features.shape[1] < 1:
        raise DatasetError(f"features must be an array (m, n), not {features.shape}")
    if targets.shape != features.shape[:1]:
        raise DatasetError(
            f"targets must be an array ({len(features)},), one per example, not {targets.shape}"
        )
    if len(targets) == 0:
        raise DatasetError("a data set must have at least one example")
    if features.dtype.kind not in "biuf":
        raise DatasetError(f"features must be numbers, not {features.dtype}")
    for start in range(0, len(features), CHUNK_EXAMPLES):
        if not np.isfinite(features[start : start + CHUNK_EXAMPLES]).all():
            raise DatasetError("features must be finite")
    if targets.dtype.kind not in ("biuf" if regression else "biufU"):
        raise DatasetError(f"targets of this task cannot be {targets.dtype}")
    if targets.dtype.kind == "f" and not np.isfinite(targets).all():
        raise DatasetError("targets must be finite")
    if targets.dtype.kind == "f" and not regression and (targets != np.floor(targets)).any():
        raise DatasetError(
            "targets are fractions, which are no classes: to predict numbers, say regression=True"
        )


def split_rows(targets: Targets, classes: int, seed: int) -> dict[str, Indices]:
    """The ascending rows of each part: every class 0 … C - 1 is split by FRACTIONS on its own.

    Without classes, in regression, the rows are split as those of one class.
    """
    labels: Labels = targets if classes else np.zeros(len(targets), np.int64)
    rows_by_part: dict[str, list[Indices]] = {part: [] for part in FRACTIONS}
    ends = np.cumsum(list(FRACTIONS.values()))
    for label in range(max(classes, 1)):
        rows = np.flatnonzero(labels == label)
        rows = rows[split_order(seed, label, len(rows))]
        cuts = np.rint(ends[:-1] * len(rows)).astype(int)
        for part, piece in zip(FRACTIONS, np.split(rows, cuts), strict=True):
            rows_by_part[part].append(piece)
    return {part: np.sort(np.concatenate(pieces)) for part, pieces in rows_by_part.items()}


def _fit_scaling(features: AnyArray, targets: Targets, rows: Indices, regression: bool) -> Scaling:
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
    features: AnyArray,
    targets: Targets,
    rows: Indices,
    scaling: Scaling,
    allocate: Allocate,
    regression: bool,
) -> Examples:
    part_features = allocate(f"{part}_features", (len(rows), features.shape[1]), np.float32)
    for start in range(0, len(rows), CHUNK_EXAMPLES):
        chunk = rows[start : start + CHUNK_EXAMPLES]
        part_features[start : start + len(chunk)] = scaling.features(features[chunk])
    dtype = np.float32 if regression else np.int64
    part_targets = allocate(f"{part}_targets", (len(rows),), dtype)
    part_targets[...] = scaling.targets(targets[rows]) if regression else targets[rows]
    for array in (part_features, part_targets):
        array.flags.writeable = False
    return Examples(part_features, part_targets)


def _in_memory(name: str, shape: tuple[int, ...], dtype: type) -> AnyArray:
    return np.empty(shape, dtype)
