"""The built-in data sets, raw: features (m, n) in units of their own, and targets (m,).

The tables lie in scikit-learn's folder and are read from there, and the drawings are a few lines:
importing scikit-learn would take every process of a pool a second.
"""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caviar.engine.errors import DatasetError

Raw = tuple[NDArray[np.float64], NDArray[Any]]

POINTS = 1000
MOONS_NOISE = 0.2
CIRCLES_NOISE = 0.05
CIRCLES_FACTOR = 0.8


def moons(points: int = POINTS, noise: float = MOONS_NOISE, seed: int = 0) -> Raw:
    """Two half circles that reach into each other, as sklearn.datasets.make_moons draws them."""
    outer, inner = _halves(points)
    up, down = np.linspace(0, np.pi, outer), np.linspace(0, np.pi, inner)
    above = np.stack([np.cos(up), np.sin(up)], axis=1)
    below = np.stack([1 - np.cos(down), 1 - np.sin(down) - 0.5], axis=1)
    return _drawn(above, below, noise, seed)


def circles(
    points: int = POINTS,
    noise: float = CIRCLES_NOISE,
    seed: int = 0,
    factor: float = CIRCLES_FACTOR,
) -> Raw:
    """A circle within a circle, as sklearn.datasets.make_circles draws them."""
    outer, inner = _halves(points)
    around = [np.linspace(0, 2 * np.pi, count, endpoint=False) for count in (outer, inner)]
    large, small = (np.stack([np.cos(angle), np.sin(angle)], axis=1) for angle in around)
    return _drawn(large, factor * small, noise, seed)


def _halves(points: int) -> tuple[int, int]:
    return points // 2, points - points // 2


def _drawn(first: NDArray[Any], second: NDArray[Any], noise: float, seed: int) -> Raw:
    """Both classes shuffled, with normal noise: in the order in which scikit-learn draws."""
    random = np.random.RandomState(seed)
    features = np.concatenate([first, second])
    labels = np.repeat([0, 1], [len(first), len(second)])
    order = np.arange(len(labels))
    random.shuffle(order)
    return features[order] + random.normal(scale=noise, size=features.shape), labels[order]


def _digits() -> Raw:
    table = _read("digits.csv.gz", delimiter=",")
    return table[:, :-1], table[:, -1].astype(np.int64)


def _breast_cancer() -> Raw:
    table = _read("breast_cancer.csv", delimiter=",", skiprows=1)
    return table[:, :-1], table[:, -1].astype(np.int64)


def _wine() -> Raw:
    table = _read("wine_data.csv", delimiter=",", skiprows=1)
    return table[:, :-1], table[:, -1].astype(np.int64)


def _diabetes() -> Raw:
    return _read("diabetes_data_raw.csv.gz"), _read("diabetes_target.csv.gz")


def _read(name: str, *, delimiter: str | None = None, skiprows: int = 0) -> NDArray[np.float64]:
    """A table of scikit-learn's, found without importing it."""
    package = find_spec("sklearn")
    folders = (package.submodule_search_locations or []) if package else []
    for folder in folders:
        path = Path(folder) / "datasets" / "data" / name
        if path.is_file():
            return np.loadtxt(path, delimiter=delimiter, skiprows=skiprows)
    raise DatasetError(f"scikit-learn, with which {name} comes, is not installed")


BUNDLED: Mapping[str, Callable[[], Raw]] = {
    "breast_cancer": _breast_cancer,
    "circles": circles,
    "diabetes": _diabetes,
    "digits": _digits,
    "moons": moons,
    "wine": _wine,
}

REGRESSION = frozenset({"diabetes"})
"""Those whose targets are numbers rather than classes."""
