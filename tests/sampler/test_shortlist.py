"""A shortlist finds what would be found by looking at all rows each time."""

import numpy as np
import pytest

from sampler import shortlist
from sampler.gaussian_process import GaussianProcess, Metric, condition
from sampler.improvement import promises
from sampler.posterior import Posterior
from sampler.shortlist import Believer

METRIC = Metric(owner=(0, 1, 2), count=3)
DOUBT = 1.7


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Of how many rows each list is made."""
    sizes: list[int] = []

    def counted(posterior: Posterior, rows: np.ndarray, *others: object, **more: object) -> object:
        sizes.append(len(rows))
        return make(posterior, rows, *others, **more)  # type: ignore[arg-type]

    make = shortlist._Shortlist
    monkeypatch.setattr(shortlist, "_Shortlist", counted)
    return sizes


def a_process(seed: int) -> tuple[GaussianProcess, np.ndarray]:
    """A process that knows 60 values, and a pool of 400 points."""
    generator = np.random.default_rng(seed)
    known = generator.random((60, 3))
    values = np.sin(5 * known[:, 0]) + known[:, 1] + 0.1 * generator.normal(size=60)
    process = condition(
        METRIC, known, values, lengths=np.full(3, 0.4), signal=1.0, rough=0.05, noise=0.01
    )
    return process, generator.random((400, 3))


def by_looking_at_all(posterior: Posterior, rows: np.ndarray, best: float) -> int:
    """The one of the rows that promises most."""
    promised = promises(posterior.mean[rows], posterior.variance[rows], best=best, doubt=DOUBT)
    return int(rows[promised.argmax()])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("size", [3, 64])
def test_it_finds_the_same_and_looks_at_few(
    size: int, seed: int, made: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every fourth row that is believed comes from elsewhere; half of these are expected."""
    monkeypatch.setattr(shortlist, "ROWS", size)
    process, points = a_process(seed)
    believer = Believer(Posterior(process, points, room=90), best=process.best, doubt=DOUBT)
    all_of_it = Posterior(process, points, room=90)
    free = np.arange(100, 400)
    for turn in range(90):
        if turn % 4 == 0:
            row = turn
        else:
            row = believer.most_promising(free, expected=range(0, 90, 8))
            assert row == by_looking_at_all(all_of_it, free, process.best)
            free = free[free != row]
        believer.believe(row)
        all_of_it.believe([row])
    # Of 67 picks. At every eighth turn a row is believed that is on no list.
    assert len(made) == 12 if size == 64 else len(made) < 45


def test_a_list_is_not_used_for_other_rows(made: list[int]) -> None:
    process, points = a_process(1)
    believer = Believer(Posterior(process, points), best=process.best, doubt=DOUBT)
    posterior = Posterior(process, points)
    sets = [(0, 300), (100, 400), (100, 200), (0, 300), (0, 7), (0, 7)]
    for ends in sets:
        rows = np.arange(*ends)
        found = believer.most_promising(rows, expected=[])
        assert found == by_looking_at_all(posterior, rows, process.best)
    assert made == [300, 300, 100, 300, 7]


def test_all_rows_may_be_taken_one_after_another(made: list[int]) -> None:
    process, points = a_process(2)
    # All are better than this, so the first promises as much after it was believed as before.
    believer = Believer(Posterior(process, points[:9], room=9), best=10.0, doubt=DOUBT)
    rows = np.arange(9)
    while len(rows):
        row = believer.most_promising(rows, expected=[])
        assert row in rows
        believer.believe(row)
        rows = rows[rows != row]
    assert made == [9]
