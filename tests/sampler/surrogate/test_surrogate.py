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
    NEAR,
    fit_surrogate,
    scores,
    training_subset,
    untried,
)
from tests.sampler.spaces import loss, network_space, random_search, search

SPACE = network_space()


def seen(values: list[float | None]) -> list[Observation]:
    return [Observation(number=n, params={}, value=value) for n, value in enumerate(values)]


def test_scores_keep_the_order_and_lost_trials_are_the_worst() -> None:
    found = scores(seen([3.0, 1e9, None, 1.0, math.nan, 3.0, -math.inf]))
    assert found[3] < found[0] == found[5] < found[1] == found[2] == found[4] == found[6]
    assert found.mean() == pytest.approx(0.0)
    assert found.std() == pytest.approx(1.0)
    lost = scores(seen([None, None, None, 2.0]))
    assert lost[0] == lost[1] == lost[2] > lost[3]


@pytest.mark.parametrize(
    "values",
    [[None, None], [2.0, 2.0, 2.0], [1.0] * 9 + [2.0], [1e308, -1e308, 0.0, 5e-324], [0.0, 5e-324]],
)
def test_scores_are_finite_and_in_order_whatever_the_values(values: list[float | None]) -> None:
    found = scores(seen(values))
    assert np.isfinite(found).all()
    order = np.argsort([math.inf if value is None else value for value in values])
    assert (np.diff(found[order]) >= 0).all()


def test_scores_do_not_depend_on_units() -> None:
    values = [0.3, 0.1, 0.7, 0.2, 5.0]
    other = scores(seen([1000.0 + 20.0 * value for value in values]))
    assert other == pytest.approx(scores(seen(values)))


def test_an_outlier_does_not_hide_what_tells_good_values_apart() -> None:
    values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 1e6]
    found = scores(seen(values))
    assert found[1] - found[0] > (found[-1] - found[0]) / 100


def test_near_ties_among_the_best_score_nearly_the_same() -> None:
    close, far = (scores(seen([1.0, second, 3.0, 4.0, 5.0, 6.0])) for second in (1.0001, 2.0))
    assert close[1] - close[0] < (far[1] - far[0]) / 1000


def test_telling_trials_are_the_best_and_the_latest() -> None:
    many = seen([float((7919 * n) % 1000) for n in range(1000)])
    found = training_subset(many, ranked(many))
    assert len(found) == MAX_FIT_TRIALS
    numbers = [one.number for one in found]
    assert numbers == sorted(numbers)
    best = sorted(many, key=lambda one: (one.value, one.number))
    assert {one.number for one in best[: MAX_FIT_TRIALS // 2]} <= set(numbers)
    assert {998, 999} <= set(numbers)
    assert training_subset(many[:50], ranked(many[:50])) == many[:50]


def test_too_few_values_make_no_model() -> None:
    observations = random_search(SPACE, loss, seed=1, count=4)
    lost = [Observation(number=n, params=observations[0].params, value=None) for n in range(4, 20)]
    assert fit_surrogate(SPACE, [*observations, *lost]) is None


def test_what_is_coming_is_believed_and_keeps_others_away() -> None:
    observations = random_search(SPACE, loss, seed=1, count=80)
    alone = fit_surrogate(SPACE, observations)
    assert alone is not None
    points = features(SPACE, [one.params for one in random_search(SPACE, loss, seed=2, count=9)])
    [first] = select_rows(alone, points, seed=1, numbers=[80])
    coming = [random_search(SPACE, loss, seed=2, count=9)[first].params]
    model = fit_surrogate(SPACE, observations, coming)
    assert model is not None
    assert model.mean_at(points) == pytest.approx(alone.mean_at(points), abs=1e-6)
    assert Posterior(model, points).variance[first] < Posterior(alone, points).variance[first]


def test_no_more_that_is_coming_is_believed_than_a_fit_looks_at() -> None:
    observations = random_search(SPACE, loss, seed=1, count=20)
    coming = [one.params for one in random_search(SPACE, loss, seed=2, count=MAX_FIT_TRIALS + 9)]
    model, latest = (fit_surrogate(SPACE, observations, these) for these in (coming, coming[9:]))
    assert model is not None
    assert latest is not None
    assert len(model.points) == len(observations) + MAX_FIT_TRIALS
    assert np.array_equal(model.points, latest.points)


def test_what_was_tried_is_not_tried_again_while_there_is_something_else() -> None:
    points = np.array([[0.1, 1.0], [0.2, 0.0], [0.305, 0.0], [0.2, 0.0], [0.1, 0.98], [0.3, 0.0]])
    tried = np.array([[0.3, 0.0], [0.1, 0.995]])
    new = [False] * len(points)
    assert untried(points, tried, again=new, enough=2).tolist() == [1, 4]
    assert untried(points, points[[5]], again=new, enough=3).tolist() == [0, 1, 4]
    assert untried(points, points[[5]], again=new, enough=4).tolist() == [0, 1, 2, 4]
    assert untried(points, points[[5]], again=new, enough=5).tolist() == [0, 1, 2, 3, 4, 5]
    again = [False, True, False, True, False, False]
    assert untried(points, tried, again=again, enough=1).tolist() == [4]


def test_a_trial_kept_bit_for_bit_is_tried_again_only_when_nothing_else_is_left() -> None:
    points = np.array([[0.3], [0.3 + NEAR / 9], [0.6], [0.3]])
    tried = np.array([[0.3], [0.6]])
    assert untried(points, tried, again=[False] * 4, enough=1).tolist() == [1]
    assert untried(points, tried, again=[False] * 4, enough=2).tolist() == [0, 1, 2, 3]


def test_of_a_long_history_nothing_is_tried_again_either() -> None:
    ten = {"type": "int", "low": 1, "high": 10}
    kind = {"type": "categorical", "choices": [0, 1, 2]}
    space = SearchSpace.from_dict({"a": ten, "b": ten, "kind": kind})

    def bowl(space: SearchSpace, params: Params) -> float:
        a, b, kind = (float(params[name]) for name in ("a", "b", "kind"))
        return (a - 4) ** 2 + 0.3 * (b - 7) ** 2 + 3 * kind

    _, seen = search(make_sampler({}), space, seed=1, budget=240, objective=bowl)
    assert len({tuple(one.params.values()) for one in seen}) == 240 > MAX_FIT_TRIALS


def test_near_is_near_in_everything() -> None:
    tried = np.zeros((1, 3))
    points = np.array([[0.0, 0.0, 2 * NEAR], [0.9 * NEAR] * 3, [0.0, NEAR, 0.0]])
    assert untried(points, tried, again=[False] * len(points), enough=1).tolist() == [0, 2]


def test_different_choices_are_one_apart() -> None:
    params = {"learning_rate": 0.01, "hidden_units": 8, "hidden_layers": 1, "batch_size": 16}
    points = features(
        SPACE,
        [{**params, "optimizer": "adam"}, {**params, "optimizer": "momentum", "momentum": 0.99}],
    )
    squares = metric(SPACE).squares(points)[:, 0]
    assert dict(zip(SPACE.parameters, squares.tolist(), strict=True)) == pytest.approx(
        {**dict.fromkeys(SPACE.parameters, 0.0), "optimizer": 1.0}, abs=1e-6
    )
