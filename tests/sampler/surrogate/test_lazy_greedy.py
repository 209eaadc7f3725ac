"""A shortlist finds what would be found by looking at all rows each time."""

from collections.abc import Sequence

import numpy as np
import pytest

from caviar.sampler.surrogate import lazy_greedy as shortlist
from caviar.sampler.surrogate.gaussian_process import (
    Floats,
    GaussianProcess,
    Metric,
    Rows,
    condition,
)
from caviar.sampler.surrogate.lazy_greedy import LazyGreedy
from caviar.sampler.surrogate.posterior import Posterior
from tests.sampler.surrogate.exhaustive import Exhaustive

METRIC = Metric(owner=(0, 1, 2), count=3)
DOUBT = 1.7


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Of how many rows each list is made."""
    sizes: list[int] = []

    class Counted(shortlist._TopRows):
        def __init__(
            self, posterior: Posterior, rows: Rows, promised: Floats, *, expected: Sequence[int]
        ) -> None:
            sizes.append(len(rows))
            super().__init__(posterior, rows, promised, expected=expected)

    monkeypatch.setattr(shortlist, "_TopRows", Counted)
    return sizes


def a_process(seed: int) -> tuple[GaussianProcess, np.ndarray]:
    """A process that knows 60 values, and a pool of 400 points."""
    generator = np.random.default_rng(seed)
    known = generator.random((60, 3))
    values = np.sin(5 * known[:, 0]) + known[:, 1] + 0.1 * generator.normal(size=60)
    process = condition(
        METRIC, known, values, lengthscales=np.full(3, 0.4), signal=1.0, rough=0.05, noise=0.01
    )
    return process, generator.random((400, 3))


def both(process: GaussianProcess, points: np.ndarray) -> tuple[LazyGreedy, Exhaustive]:
    """One that looks at a few, and one that looks at all; each with a posterior of its own."""
    one, other = (Posterior(process, points, room=len(points)) for _ in range(2))
    return (
        LazyGreedy(one, best=process.best, kappa=DOUBT),
        Exhaustive(other, best=process.best, kappa=DOUBT),
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("size", [3, 64])
def test_it_finds_the_same_and_looks_at_few(
    size: int, seed: int, made: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every fourth row that is believed comes from elsewhere; half of these are expected."""
    monkeypatch.setattr(shortlist, "ROWS", size)
    believer, thorough = both(*a_process(seed))
    free = np.arange(100, 400)
    for turn in range(90):
        if turn % 4 == 0:
            row = turn
        else:
            row = believer.best_row(free, expected=range(0, 90, 8))
            assert row == thorough.best_row(free, expected=())
            free = free[free != row]
        believer.condition_on_mean(row)
        thorough.condition_on_mean(row)
    # Of 67 picks. At every eighth turn a row is believed that is on no list.
    assert len(made) == 12 if size == 64 else len(made) < 45


def test_a_list_is_not_used_for_other_rows(made: list[int]) -> None:
    believer, thorough = both(*a_process(1))
    sets = [(0, 300), (100, 400), (100, 200), (0, 300), (0, 7), (0, 7)]
    for ends in sets:
        rows = np.arange(*ends)
        found = believer.best_row(rows, expected=[])
        assert found == thorough.best_row(rows, expected=())
    assert made == [300, 300, 100, 300, 7]


def test_all_rows_may_be_taken_one_after_another(made: list[int]) -> None:
    process, points = a_process(2)
    # All are better than this, so the first promises as much after it was believed as before.
    believer = LazyGreedy(Posterior(process, points[:9], room=9), best=10.0, kappa=DOUBT)
    rows = np.arange(9)
    while len(rows):
        row = believer.best_row(rows, expected=[])
        assert row in rows
        believer.condition_on_mean(row)
        rows = rows[rows != row]
    assert made == [9]
