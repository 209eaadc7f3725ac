"""Problems of real networks: a forest interpolates a table of trained settings.

Each table holds a few thousand random settings and the best validation loss that our engine
reached with each. Extremely randomized trees, fitted to the logarithm of the loss, estimate the
settings between them; a forest of 100 trees varies smoothly enough to be searched.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.problems.networks.searches import SEARCHES, Search
from benchmarks.problems.problem import Problem
from caviar.sampler import SearchSpace

TABLES = Path(__file__).parent / "tables"
TREES = 100
INACTIVE = -0.5
BEST, WORST = 0.001, 0.98  # quantiles at which losses are clipped; a diverged trial has the worst


@dataclass(frozen=True)
class Table:
    """The surrogate of one table."""

    search: Search

    def __call__(self, params: Mapping[str, Any]) -> float:
        """The loss that the forest predicts for a search."""
        units = self._space.encode(params)
        row = np.array([units.get(name, INACTIVE) for name in self._space.parameters])
        return float(np.exp(self._forest.predict(row)))

    @cached_property
    def _space(self) -> SearchSpace:
        return SearchSpace.from_dict(self.search.space)

    @cached_property
    def _forest(self) -> "Forest":
        from sklearn.ensemble import ExtraTreesRegressor

        with np.load(TABLES / f"{self.search.name}.npz") as table:
            units, values = table["units"].astype(np.float64), table["values"].astype(np.float64)
        best, worst = np.nanquantile(values, [BEST, WORST])
        values = np.clip(np.nan_to_num(values, nan=worst), best, worst)
        units = np.nan_to_num(units, nan=INACTIVE)
        trees = ExtraTreesRegressor(TREES, min_samples_leaf=2, max_features=None, random_state=0)
        return Forest(trees.fit(units, np.log(values)))


class Forest:
    """A fitted forest in flat arrays: params descend all trees at once."""

    def __init__(self, trees: Any) -> None:
        parts = [tree.tree_ for tree in trees.estimators_]
        starts = np.cumsum([0, *(part.node_count for part in parts[:-1])])
        self._roots = starts
        self._left = _shifted([part.children_left for part in parts], starts)
        self._right = _shifted([part.children_right for part in parts], starts)
        self._feature = np.concatenate([part.feature for part in parts])
        self._threshold = np.concatenate([part.threshold for part in parts])
        self._value = np.concatenate([part.value[:, 0, 0] for part in parts])

    def predict(self, row: NDArray[np.float64]) -> float:
        """The mean prediction of the trees for a row of features (n,)."""
        row = row.astype(np.float32)
        nodes = self._roots
        while True:
            feature = self._feature[nodes]
            inner = feature >= 0
            if not inner.any():
                return float(self._value[nodes].mean())
            below = row[np.maximum(feature, 0)] <= self._threshold[nodes]
            below_nodes = np.where(below, self._left[nodes], self._right[nodes])
            nodes = np.where(inner, below_nodes, nodes)


def _shifted(parts: list[Any], starts: Any) -> NDArray[np.int64]:
    return np.concatenate([part + start for part, start in zip(parts, starts, strict=True)])


NETWORKS = [
    Problem(
        name=search.name,
        space_spec=search.space,
        truth=Table(search),
        tuned=True,
        climbs=search.climbs,
    )
    for search in SEARCHES
]
