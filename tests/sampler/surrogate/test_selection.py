"""Selection of the rows that trials try."""

import numpy as np
import pytest
from scipy import stats

from caviar.sampler.surrogate import selection
from caviar.sampler.surrogate.features import features
from caviar.sampler.surrogate.gaussian_process import Metric, condition
from caviar.sampler.surrogate.selection import (
    HIGH_NOISE,
    HIGH_NOISE_KAPPA,
    LOW_NOISE,
    LOW_NOISE_KAPPA,
    MAX_OWN_PROCESSES,
    kappa_at,
    normal_draws,
    select_rows,
)
from caviar.sampler.surrogate.surrogate import fit_surrogate
from tests.sampler.spaces import loss, network_space, random_search
from tests.sampler.surrogate.exhaustive import Exhaustive

SPACE = network_space()


def test_selected_rows_are_good_and_distinct() -> None:
    surrogate = fit_surrogate(SPACE, random_search(SPACE, loss, seed=1, count=80))
    assert surrogate is not None
    pool = random_search(SPACE, loss, seed=2, count=500)
    points = features(SPACE, [trial.params for trial in pool])
    rows = select_rows(surrogate, points, seed=1, numbers=range(80, 88))
    assert len(set(rows)) == 8
    values = np.array([trial.value for trial in pool])
    assert np.mean(values[rows]) < np.quantile(values, 0.1)
    assert select_rows(surrogate, points, seed=1, numbers=range(80, 82)) == rows[:2]


def test_a_trial_gets_an_allowed_row_while_one_is_left() -> None:
    surrogate = fit_surrogate(SPACE, random_search(SPACE, loss, seed=1, count=80))
    assert surrogate is not None
    points = features(
        SPACE, [trial.params for trial in random_search(SPACE, loss, seed=2, count=9)]
    )
    worst = surrogate.mean_at(points).argmax()
    allowed = {8: np.array([worst]), 9: np.array([worst]), 10: np.zeros(0, dtype=np.intp)}
    rows = select_rows(surrogate, points, seed=1, numbers=range(7, 16), allowed=allowed)
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
    """Whether two trials of a batch try one basin each."""
    pool = np.array([[0.12], [0.121], [0.122], [0.88], [0.881]])
    return len({row < 3 for row in select_rows(BASINS, pool, seed=seed, numbers=range(2))}) == 2


def test_a_batch_spreads_over_two_basins(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sum(spreads(seed) for seed in range(40)) > 20
    monkeypatch.setattr(selection, "MAX_OWN_PROCESSES", 0)
    assert spreads(1)


def test_only_exploring_trials_of_large_rounds_depend_on_the_seed() -> None:
    surrogate = fit_surrogate(SPACE, random_search(SPACE, loss, seed=1, count=30))
    assert surrogate is not None
    pool = random_search(SPACE, loss, seed=2, count=200)
    points = features(SPACE, [trial.params for trial in pool])
    large = range(30, 30 + MAX_OWN_PROCESSES + 1)
    exploiting_rows = {
        select_rows(surrogate, points, seed=seed, numbers=large)[0] for seed in range(9)
    }
    exploring_rows = {
        select_rows(surrogate, points, seed=seed, numbers=large, exploring=[30])[0]
        for seed in range(9)
    }
    assert len(exploiting_rows) == 1
    assert len(exploring_rows) > 1


def test_a_large_round_agrees_with_exhaustive_selection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every fifth trial explores with four rows of its own; one of them has none."""
    surrogate = fit_surrogate(SPACE, random_search(SPACE, loss, seed=1, count=60))
    assert surrogate is not None
    pool = random_search(SPACE, loss, seed=2, count=400)
    points = features(SPACE, [trial.params for trial in pool])
    numbers = range(60, 160)
    exploring = list(numbers)[::5]
    allowed = {number: np.arange(100, 400) for number in numbers}
    allowed |= {
        number: np.arange(4 * place, 4 * place + 4) for place, number in enumerate(exploring)
    }
    allowed[exploring[3]] = np.zeros(0, dtype=np.intp)
    rows = select_rows(
        surrogate, points, seed=1, numbers=numbers, allowed=allowed, exploring=exploring
    )
    monkeypatch.setattr(selection, "LazyGreedy", Exhaustive)
    assert rows == select_rows(
        surrogate, points, seed=1, numbers=numbers, allowed=allowed, exploring=exploring
    )
    assert len(set(rows)) == 100
    assert rows[5] in allowed[exploring[1]]


def test_each_trial_of_a_small_round_has_its_own_process() -> None:
    """The row of the first trial depends on the seed only."""
    surrogate = fit_surrogate(SPACE, random_search(SPACE, loss, seed=1, count=40))
    assert surrogate is not None
    pool = random_search(SPACE, loss, seed=2, count=500)
    points = features(SPACE, [trial.params for trial in pool])
    firsts = [select_rows(surrogate, points, seed=seed, numbers=[40, 41])[0] for seed in range(20)]
    assert len(set(firsts)) > 1
    assert firsts == [
        select_rows(surrogate, points, seed=seed, numbers=[40])[0] for seed in range(20)
    ]
    values = np.array([trial.value for trial in pool])
    assert np.median(values[firsts]) < np.quantile(values, 0.1)


def test_normal_draws() -> None:
    drawn = normal_draws("/test", seed=1, numbers=range(40), count=501)
    assert drawn.shape == (40, 501)
    assert stats.kstest(drawn.ravel(), "norm").pvalue > 1e-4
    assert (normal_draws("/test", seed=1, numbers=[7], count=501)[0] == drawn[7]).all()


def test_kappa_decreases_with_noise() -> None:
    kappas = [kappa_at(noise) for noise in (1e-9, LOW_NOISE, 0.006, HIGH_NOISE, 5.0)]
    assert kappas[0] == kappas[1] == LOW_NOISE_KAPPA
    assert kappas[3] == kappas[4] == HIGH_NOISE_KAPPA
    assert HIGH_NOISE_KAPPA < kappas[2] < LOW_NOISE_KAPPA
