"""The built-in data sets, raw: features (m, n) in their own units, and targets (m,).

The tables are read from the files of the scikit-learn package, and the generators are a few lines
each: importing scikit-learn would cost every process of a pool one second.
"""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

import numpy as np

from caviar.engine.arrays import AnyArray, Float64Array
from caviar.engine.errors import DatasetError

RawData: TypeAlias = tuple[Float64Array, AnyArray]
"""Features (m, n) and targets (m,)."""

POINTS = 1000
MOONS_NOISE = 0.2
CIRCLES_NOISE = 0.05
CIRCLES_FACTOR = 0.8


def moons(points: int = POINTS, noise: float = MOONS_NOISE, seed: int = 0) -> RawData:
    """Two interleaved half circles, (points, 2), equal to sklearn.datasets.make_moons.

    `noise` is the standard deviation of the normal noise, in units of the radius.
    """
    outer, inner = _halves(points)
    outer_angles, inner_angles = np.linspace(0, np.pi, outer), np.linspace(0, np.pi, inner)
    above = np.stack([np.cos(outer_angles), np.sin(outer_angles)], axis=1)
    below = np.stack([1 - np.cos(inner_angles), 1 - np.sin(inner_angles) - 0.5], axis=1)
    return _shuffled_with_noise(above, below, noise, seed)


def circles(
    points: int = POINTS,
    noise: float = CIRCLES_NOISE,
    seed: int = 0,
    factor: float = CIRCLES_FACTOR,
) -> RawData:
    """A circle within a circle, (points, 2), equal to sklearn.datasets.make_circles.

    `factor` is the radius of the inner circle; the outer one has radius 1.
    """
    outer, inner = _halves(points)
    angles = [np.linspace(0, 2 * np.pi, count, endpoint=False) for count in (outer, inner)]
    large, small = (np.stack([np.cos(angle), np.sin(angle)], axis=1) for angle in angles)
    return _shuffled_with_noise(large, factor * small, noise, seed)


def _halves(points: int) -> tuple[int, int]:
    return points // 2, points - points // 2


def _shuffled_with_noise(first: AnyArray, second: AnyArray, noise: float, seed: int) -> RawData:
    """Both classes shuffled, with normal noise, drawn in the same order as scikit-learn does."""
    random = np.random.RandomState(seed)
    features = np.concatenate([first, second])
    labels = np.repeat([0, 1], [len(first), len(second)])
    order = np.arange(len(labels))
    random.shuffle(order)
    return features[order] + random.normal(scale=noise, size=features.shape), labels[order]


def _digits() -> RawData:
    table = _read("digits.csv.gz", delimiter=",")
    return table[:, :-1], table[:, -1].astype(np.int64)


def _breast_cancer() -> RawData:
    table = _read("breast_cancer.csv", delimiter=",", skiprows=1)
    return table[:, :-1], table[:, -1].astype(np.int64)


def _wine() -> RawData:
    table = _read("wine_data.csv", delimiter=",", skiprows=1)
    return table[:, :-1], table[:, -1].astype(np.int64)


def _diabetes() -> RawData:
    return _read("diabetes_data_raw.csv.gz"), _read("diabetes_target.csv.gz")


def _read(name: str, *, delimiter: str | None = None, skiprows: int = 0) -> Float64Array:
    """A table of the scikit-learn package, found without importing the package."""
    package = find_spec("sklearn")
    folders = (package.submodule_search_locations or []) if package else []
    for folder in folders:
        path = Path(folder) / "datasets" / "data" / name
        if path.is_file():
            return np.loadtxt(path, delimiter=delimiter, skiprows=skiprows)
    raise DatasetError(f"{name} is a file of scikit-learn, which is not installed")


BUILTIN: Mapping[str, Callable[[], RawData]] = {
    "breast_cancer": _breast_cancer,
    "circles": circles,
    "diabetes": _diabetes,
    "digits": _digits,
    "moons": moons,
    "wine": _wine,
}
"""The built-in data sets by name."""

REGRESSION = frozenset({"diabetes"})
"""The built-in data sets whose targets are numbers rather than classes."""
