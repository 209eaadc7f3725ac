"""Acquisition: what trials try, and by which function."""

import numpy as np
import pytest
from scipy import stats

from caviar.sampler.surrogate import selection as acquisition
from caviar.sampler.surrogate.features import features
from caviar.sampler.surrogate.gaussian_process import Metric, condition
from caviar.sampler.surrogate.selection import (
    BOLD,
    CAREFUL,
    MAX_OWN_PROCESSES,
    NOISY,
    QUIET,
    kappa_for,
    normal_draws,
    select_rows,
)
from caviar.sampler.surrogate.surrogate import fit_surrogate
from tests.sampler.spaces import loss, network_space, random_search
from tests.sampler.surrogate.exhaustive import Exhaustive

SPACE = network_space()


def test_the_model_picks_good_settings_and_none_twice() -> None:
    model = fit_surrogate(SPACE, random_search(SPACE, loss, seed=1, count=80))
    assert model is not None
    pool = random_search(SPACE, loss, seed=2, count=500)
    points = features(SPACE, [one.params for one in pool])
    rows = select_rows(model, points, seed=1, numbers=range(80, 88))
    assert len(set(rows)) == 8
    values = np.array([one.value for one in pool])
    assert np.mean(values[rows]) < np.quantile(values, 0.1)
    assert select_rows(model, points, seed=1, numbers=range(80, 82)) == rows[:2]


def test_a_trial_gets_a_row_that_it_may_have_while_there_is_one() -> None:
    model = fit_surrogate(SPACE, random_search(SPACE, loss, seed=1, count=80))
    assert model is not None
    points = features(SPACE, [one.params for one in random_search(SPACE, loss, seed=2, count=9)])
    worst = model.mean_at(points).argmax()
    allowed = {8: np.array([worst]), 9: np.array([worst]), 10: np.zeros(0, dtype=np.intp)}
    rows = select_rows(model, points, seed=1, numbers=range(7, 16), allowed=allowed)
    assert rows[1] == worst
    assert sorted(rows) == list(range(9))


BASINS = condition(
    Metric(owner=(0,), count=1),
    np.array([[0.2], [0.4], [0.6], [0.8]]),
    np.array([-1.0, 1.0, 1.0, -0.9]),
    lengthscales=np.array([0.2]),
    signal=1.0,
    rough=0.01,
    noise=0.001,
)


def spreads(seed: int) -> bool:
    """Whether two picks at once are one in each basin."""
    pool = np.array([[0.12], [0.121], [0.122], [0.88], [0.881]])
    return len({row < 3 for row in select_rows(BASINS, pool, seed=seed, numbers=range(2))}) == 2


def test_a_batch_spreads_over_two_basins(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sum(spreads(seed) for seed in range(40)) > 20
    monkeypatch.setattr(acquisition, "MAX_OWN_PROCESSES", 0)
    assert spreads(1)


def test_looks_follow_draws_and_the_trials_of_large_rounds_do_not() -> None:
    model = fit_surrogate(SPACE, random_search(SPACE, loss, seed=1, count=30))
    assert model is not None
    pool = random_search(SPACE, loss, seed=2, count=200)
    points = features(SPACE, [one.params for one in pool])
    large = range(30, 30 + MAX_OWN_PROCESSES + 1)
    by_promise = {select_rows(model, points, seed=seed, numbers=large)[0] for seed in range(9)}
    by_draws = {
        select_rows(model, points, seed=seed, numbers=large, looks=[30])[0] for seed in range(9)
    }
    assert len(by_promise) == 1
    assert len(by_draws) > 1


def test_a_large_round_is_as_if_all_were_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every fifth trial is a second look with four rows of its own; one of them has none."""
    model = fit_surrogate(SPACE, random_search(SPACE, loss, seed=1, count=60))
    assert model is not None
    pool = random_search(SPACE, loss, seed=2, count=400)
    points = features(SPACE, [one.params for one in pool])
    numbers = range(60, 160)
    looks = list(numbers)[::5]
    allowed = {number: np.arange(100, 400) for number in numbers}
    allowed |= {look: np.arange(4 * place, 4 * place + 4) for place, look in enumerate(looks)}
    allowed[looks[3]] = np.zeros(0, dtype=np.intp)
    rows = select_rows(model, points, seed=1, numbers=numbers, allowed=allowed, looks=looks)
    monkeypatch.setattr(acquisition, "LazyGreedy", Exhaustive)
    assert rows == select_rows(model, points, seed=1, numbers=numbers, allowed=allowed, looks=looks)
    assert len(set(rows)) == 100
    assert rows[5] in allowed[looks[1]]


def test_the_trials_of_a_small_round_have_a_process_each() -> None:
    """What a trial of it tries first of all depends on the seed, but on nothing else."""
    model = fit_surrogate(SPACE, random_search(SPACE, loss, seed=1, count=40))
    assert model is not None
    pool = random_search(SPACE, loss, seed=2, count=500)
    points = features(SPACE, [one.params for one in pool])
    firsts = [select_rows(model, points, seed=seed, numbers=[40, 41])[0] for seed in range(20)]
    assert len(set(firsts)) > 1
    assert firsts == [select_rows(model, points, seed=seed, numbers=[40])[0] for seed in range(20)]
    values = np.array([one.value for one in pool])
    assert np.median(values[firsts]) < np.quantile(values, 0.1)


def test_normal_draws() -> None:
    drawn = normal_draws("/test", seed=1, numbers=range(40), count=501)
    assert drawn.shape == (40, 501)
    assert stats.kstest(drawn.ravel(), "norm").pvalue > 1e-4
    assert (normal_draws("/test", seed=1, numbers=[7], count=501)[0] == drawn[7]).all()


def test_quiet_searches_are_bolder() -> None:
    found = [kappa_for(noise) for noise in (1e-9, QUIET, 0.006, NOISY, 5.0)]
    assert found[0] == found[1] == BOLD
    assert found[3] == found[4] == CAREFUL
    assert CAREFUL < found[2] < BOLD
