"""Mini-batches, splits and standardization of features (m, n) and targets (m,)."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from caviar.engine.arrays import AnyArray, Indices
from caviar.engine.data.datasets import SPLIT_SEED, split_rows
from caviar.engine.data.scaling import Scaling, moments
from caviar.engine.draws import shuffle
from caviar.engine.nn.arrays import floats
from caviar.engine.recipe import Recipe


def mini_batches(
    features: ArrayLike,
    targets: ArrayLike,
    batch_size: int = 64,
    *,
    seed: int = 0,
    epoch: int = 0,
) -> Iterator[tuple[AnyArray, AnyArray]]:
    """The examples of an epoch in their shuffled order, cut into pairs (b, n) and (b,).

    The last one may be smaller. The order is a function of seed and epoch: that in which a study
    with this seed visits the training part.

    >>> [len(y) for X, y in mini_batches(np.zeros((10, 2)), np.zeros(10), batch_size=4)]
    [4, 4, 2]
    """
    size = Recipe(batch_size=batch_size).batch_size
    rows, values = np.asarray(features), np.asarray(targets)
    if rows.ndim < 1 or values.shape[:1] != rows.shape[:1]:
        raise ValueError(
            f"features and targets must have one row for each example, not {rows.shape} and "
            f"{values.shape}"
        )
    order = shuffle(seed, epoch, len(rows))
    return (
        (rows[order[start : start + size]], values[order[start : start + size]])
        for start in range(0, len(order), size)
    )


def fit_scaling(features: ArrayLike) -> Scaling:
    """Mean and standard deviation of each feature (m, n), to standardize this and other parts.

    `scaling.features(X)` is (X - mean) / deviation in float32; a constant feature becomes 0. Fit it
    to the training part only: the other parts stand for new data.

    >>> scaling = fit_scaling([[1.0, 5.0], [3.0, 5.0]])
    >>> scaling.features(np.array([[4.0, 5.0]]))
    array([[2., 0.]], dtype=float32)
    """
    rows = floats(features, "features", dimensions=2)
    if not len(rows):
        raise ValueError("features must have at least one row")
    mean, deviation = moments(rows, np.arange(len(rows)))
    return Scaling(mean=mean, deviation=deviation)


def split(
    targets: ArrayLike, *, seed: int = SPLIT_SEED, regression: bool = False
) -> dict[str, Indices]:
    """The rows of the training, validation and test part, 60 : 20 : 20, each ascending.

    The targets (m,) are classes, of which every part gets its share, or numbers with `regression`.

    >>> parts = split(["a"] * 50 + ["b"] * 10)
    >>> {part: len(rows) for part, rows in parts.items()}
    {'training': 36, 'validation': 12, 'test': 12}
    """
    values = np.asarray(targets)
    if values.ndim != 1:
        raise ValueError(f"targets must be an array (m,), not {values.shape}")
    classes, codes = np.unique(values, return_inverse=True)
    return split_rows(codes, 0 if regression else len(classes), seed)
