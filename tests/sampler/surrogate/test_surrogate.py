import math

import numpy as np
import pytest

from caviar.sampler import Observation, Params, SearchSpace, make_sampler
from caviar.sampler.ranking import ranked
from caviar.sampler.surrogate.features import features, metric
from caviar.sampler.surrogate.posterior import Posterior
from caviar.sampler.surrogate.selection import select_rows
from caviar.sampler.surrogate.surrogate import (
    MAX_FIT_TRIALS,
    MIN_NOVELTY,
    fit_surrogate,
    scores,
    training_subset,
    untried,
)
from tests.sampler.spaces import loss, network_space, random_search, search

SPACE = network_space()


def trials_of(values: list[float | None]) -> list[Observation]:
    return [Observation(number=n, params={}, value=value) for n, value in enumerate(values)]


def test_scores_keep_the_order_and_trials_without_a_value_are_the_worst() -> None:
    result = scores(trials_of([3.0, 1e9, None, 1.0, math.nan, 3.0, -math.inf]))
    assert result[3] < result[0] == result[5] < result[1] == result[2] == result[4] == result[6]
    assert result.mean() == pytest.approx(0.0)
    assert result.std() == pytest.approx(1.0)
    lost = scores(trials_of([None, None, None, 2.0]))
    assert lost[0] == lost[1] == lost[2] > lost[3]


@pytest.mark.parametrize(
    "values",
    [[None, None], [2.0, 2.0, 2.0], [1.0] * 9 + [2.0], [1e308, -1e308, 0.0, 5e-324], [0.0, 5e-324]],
)
def test_scores_of_extreme_values_are_finite_and_in_order(values: list[float | None]) -> None:
    result = scores(trials_of(values))
    assert np.isfinite(result).all()
    order = np.argsort([math.inf if value is None else value for value in values])
    assert (np.diff(result[order]) >= 0).all()


def test_scores_do_not_depend_on_units() -> None:
    values = [0.3, 0.1, 0.7, 0.2, 5.0]
    other = scores(trials_of([1000.0 + 20.0 * value for value in values]))
    assert other == pytest.approx(scores(trials_of(values)))


def test_an_outlier_does_not_hide_differences_between_good_values() -> None:
    values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 1e6]
    result = scores(trials_of(values))
    assert result[1] - result[0] > (result[-1] - result[0]) / 100


def test_near_ties_at_the_top_have_similar_scores() -> None:
    close, far = (scores(trials_of([1.0, second, 3.0, 4.0, 5.0, 6.0])) for second in (1.0001, 2.0))
    assert close[1] - close[0] < (far[1] - far[0]) / 1000


def test_the_training_subset_has_the_best_and_the_latest_trials() -> None:
    many = trials_of([float((7919 * n) % 1000) for n in range(1000)])
    result = training_subset(many, ranked(many))
    assert len(result) == MAX_FIT_TRIALS
    numbers = [trial.number for trial in result]
    assert numbers == sorted(numbers)
    best = sorted(many, key=lambda trial: (trial.value, trial.number))
    assert {trial.number for trial in best[: MAX_FIT_TRIALS // 2]} <= set(numbers)
    assert {998, 999} <= set(numbers)
    assert training_subset(many[:50], ranked(many[:50])) == many[:50]


def test_too_few_values_give_no_surrogate() -> None:
    observations = random_search(SPACE, loss, seed=1, count=4)
    lost = [Observation(number=n, params=observations[0].params, value=None) for n in range(4, 20)]
    assert fit_surrogate(SPACE, [*observations, *lost]) is None


def test_pending_settings_reduce_the_variance_near_them() -> None:
    observations = random_search(SPACE, loss, seed=1, count=80)
    alone = fit_surrogate(SPACE, observations)
    assert alone is not None
    points = features(
        SPACE, [trial.params for trial in random_search(SPACE, loss, seed=2, count=9)]
    )
    [first] = select_rows(alone, points, seed=1, numbers=[80])
    pending = [random_search(SPACE, loss, seed=2, count=9)[first].params]
    surrogate = fit_surrogate(SPACE, observations, pending)
    assert surrogate is not None
    assert surrogate.mean_at(points) == pytest.approx(alone.mean_at(points), abs=1e-6)
    assert Posterior(surrogate, points).variance[first] < Posterior(alone, points).variance[first]


def test_only_the_latest_pending_settings_are_used() -> None:
    observations = random_search(SPACE, loss, seed=1, count=20)
    pending = [
        trial.params for trial in random_search(SPACE, loss, seed=2, count=MAX_FIT_TRIALS + 9)
    ]
    surrogate, latest = (
        fit_surrogate(SPACE, observations, these) for these in (pending, pending[9:])
    )
    assert surrogate is not None
    assert latest is not None
    assert len(surrogate.points) == len(observations) + MAX_FIT_TRIALS
    assert np.array_equal(surrogate.points, latest.points)


def test_untried_rows_are_preferred() -> None:
    points = np.array([[0.1, 1.0], [0.2, 0.0], [0.305, 0.0], [0.2, 0.0], [0.1, 0.98], [0.3, 0.0]])
    tried = np.array([[0.3, 0.0], [0.1, 0.995]])
    new = [False] * len(points)
    assert untried(points, tried, repeated=new, needed=2).tolist() == [1, 4]
    assert untried(points, points[[5]], repeated=new, needed=3).tolist() == [0, 1, 4]
    assert untried(points, points[[5]], repeated=new, needed=4).tolist() == [0, 1, 2, 4]
    assert untried(points, points[[5]], repeated=new, needed=5).tolist() == [0, 1, 2, 3, 4, 5]
    repeated = [False, True, False, True, False, False]
    assert untried(points, tried, repeated=repeated, needed=1).tolist() == [4]


def test_exact_copies_are_the_last_resort() -> None:
    points = np.array([[0.3], [0.3 + MIN_NOVELTY / 9], [0.6], [0.3]])
    tried = np.array([[0.3], [0.6]])
    assert untried(points, tried, repeated=[False] * 4, needed=1).tolist() == [1]
    assert untried(points, tried, repeated=[False] * 4, needed=2).tolist() == [0, 1, 2, 3]


def test_a_long_history_is_not_repeated() -> None:
    ten = {"type": "int", "low": 1, "high": 10}
    kind = {"type": "categorical", "choices": [0, 1, 2]}
    space = SearchSpace.from_dict({"a": ten, "b": ten, "kind": kind})

    def bowl(space: SearchSpace, params: Params) -> float:
        a, b, kind = (float(params[name]) for name in ("a", "b", "kind"))
        return (a - 4) ** 2 + 0.3 * (b - 7) ** 2 + 3 * kind

    _, trials_of = search(make_sampler({}), space, seed=1, budget=240, objective=bowl)
    assert len({tuple(trial.params.values()) for trial in trials_of}) == 240 > MAX_FIT_TRIALS


def test_novelty_is_the_largest_difference() -> None:
    tried = np.zeros((1, 3))
    points = np.array(
        [[0.0, 0.0, 2 * MIN_NOVELTY], [0.9 * MIN_NOVELTY] * 3, [0.0, MIN_NOVELTY, 0.0]]
    )
    assert untried(points, tried, repeated=[False] * len(points), needed=1).tolist() == [0, 2]


def test_different_choices_have_distance_one() -> None:
    params = {"learning_rate": 0.01, "hidden_units": 8, "hidden_layers": 1, "batch_size": 16}
    points = features(
        SPACE,
        [{**params, "optimizer": "adam"}, {**params, "optimizer": "momentum", "momentum": 0.99}],
    )
    squares = metric(SPACE).squares(points)[:, 0]
    assert dict(zip(SPACE.parameters, squares.tolist(), strict=True)) == pytest.approx(
        {**dict.fromkeys(SPACE.parameters, 0.0), "optimizer": 1.0}, abs=1e-6
    )
