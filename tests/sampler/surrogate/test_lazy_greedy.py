"""Lazy greedy selection against exhaustive selection."""

from collections.abc import Sequence

import numpy as np
import pytest

from caviar.sampler.surrogate import lazy_greedy
from caviar.sampler.surrogate.gaussian_process import GaussianProcess, Metric, condition
from caviar.sampler.surrogate.lazy_greedy import LazyGreedy
from caviar.sampler.surrogate.posterior import Posterior
from caviar.sampler.values import Floats, Rows
from tests.sampler.surrogate.exhaustive import Exhaustive

METRIC = Metric(owner=(0, 1, 2), count=3)
KAPPA = 1.7


@pytest.fixture
def top_sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of rows from which each set of top rows is chosen."""
    sizes: list[int] = []

    class Counted(lazy_greedy._TopRows):
        def __init__(
            self, posterior: Posterior, rows: Rows, improvements: Floats, *, expected: Sequence[int]
        ) -> None:
            sizes.append(len(rows))
            super().__init__(posterior, rows, improvements, expected=expected)

    monkeypatch.setattr(lazy_greedy, "_TopRows", Counted)
    return sizes


def process_and_pool(seed: int) -> tuple[GaussianProcess, np.ndarray]:
    """A process with 60 values, and a pool of 400 points."""
    generator = np.random.default_rng(seed)
    known = generator.random((60, 3))
    values = np.sin(5 * known[:, 0]) + known[:, 1] + 0.1 * generator.normal(size=60)
    process = condition(
        METRIC, known, values, lengthscales=np.full(3, 0.4), signal=1.0, rough=0.05, noise=0.01
    )
    return process, generator.random((400, 3))


def greedy_and_exhaustive(
    process: GaussianProcess, points: np.ndarray
) -> tuple[LazyGreedy, Exhaustive]:
    """Lazy and exhaustive selection, each with its own posterior."""
    first, second = (Posterior(process, points, capacity=len(points)) for _ in range(2))
    return (
        LazyGreedy(first, best=process.best, kappa=KAPPA),
        Exhaustive(second, best=process.best, kappa=KAPPA),
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("size", [3, 64])
def test_lazy_and_exhaustive_selection_agree(
    size: int, seed: int, top_sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every fourth condition was not selected here; half of these are expected."""
    monkeypatch.setattr(lazy_greedy, "TOP_ROWS", size)
    greedy, exhaustive = greedy_and_exhaustive(*process_and_pool(seed))
    free = np.arange(100, 400)
    for turn in range(90):
        if turn % 4 == 0:
            row = turn
        else:
            row = greedy.best_row(free, expected=range(0, 90, 8))
            assert row == exhaustive.best_row(free, expected=())
            free = free[free != row]
        greedy.condition_on_mean(row)
        exhaustive.condition_on_mean(row)
    # For 67 selections. Every eighth turn conditions on a row that is not a top row.
    assert len(top_sizes) == 12 if size == 64 else len(top_sizes) < 45


def test_top_rows_are_not_used_for_other_rows(top_sizes: list[int]) -> None:
    greedy, exhaustive = greedy_and_exhaustive(*process_and_pool(1))
    sets = [(0, 300), (100, 400), (100, 200), (0, 300), (0, 7), (0, 7)]
    for ends in sets:
        rows = np.arange(*ends)
        row = greedy.best_row(rows, expected=[])
        assert row == exhaustive.best_row(rows, expected=())
    assert top_sizes == [300, 300, 100, 300, 7]


def test_all_rows_can_be_selected(top_sizes: list[int]) -> None:
    process, points = process_and_pool(2)
    # All means are better than this, so the first row improves as much after its condition.
    greedy = LazyGreedy(Posterior(process, points[:9], capacity=9), best=10.0, kappa=KAPPA)
    rows = np.arange(9)
    while len(rows):
        row = greedy.best_row(rows, expected=[])
        assert row in rows
        greedy.condition_on_mean(row)
        rows = rows[rows != row]
    assert top_sizes == [9]
