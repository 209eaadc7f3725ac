import math
import random

import pytest

from caviar.sampler import Observation, SearchSpace
from caviar.sampler.coarse_to_fine.elites import choose_elites, fit_elites, rank_weights
from caviar.sampler.ranking import ranked

SPACE = SearchSpace.from_dict(
    {
        "x": {"type": "float", "low": 0, "high": 1, "priority": 1},
        "c": {"type": "categorical", "choices": ["a", "b", "c"], "priority": 1},
        "y": {"type": "float", "low": 0, "high": 1, "priority": 1, "when": {"c": ["b"]}},
        "late": {"type": "float", "low": 0, "high": 1, "priority": 3},
        "k": {"type": "int", "low": 1, "high": 4, "priority": 1},
    }
)
ELITES = [
    Observation(number=3, params={"x": 0.5, "c": "a", "late": 0.1, "k": 2}, value=0.1),
    Observation(number=1, params={"x": 0.5, "c": "b", "y": 0.2, "late": 0.1, "k": 2}, value=0.2),
    Observation(number=2, params={"x": 0.6, "c": "b", "y": 0.3, "late": 0.1, "k": 2}, value=0.3),
]


@pytest.mark.parametrize(
    ("count", "share", "chosen"),
    [(0, 0.1, 0), (1, 0.1, 1), (10, 0.1, 4), (100, 0.1, 10), (1000, 0.1, 24), (50, 1.0, 24)],
)
def test_number_of_elites(count: int, share: float, chosen: int) -> None:
    trials = [Observation(number=n, params={}, value=float(n)) for n in range(count)]
    assert [o.number for o in choose_elites(ranked(trials), share=share)] == list(range(chosen))


def test_ties_go_to_the_lower_number() -> None:
    trials = [Observation(number=n, params={}, value=n % 2) for n in range(20)]
    random.Random(1).shuffle(trials)
    assert [o.number for o in choose_elites(ranked(trials), share=0.3)] == [0, 2, 4, 6, 8, 10]


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_only_finite_values_are_elites(value: float | None) -> None:
    trials = [
        Observation(number=0, params={}, value=value, state="failed"),
        Observation(number=1, params={}, value=9.0),
    ]
    assert [o.number for o in choose_elites(ranked(trials), share=0.5)] == [1]


def test_weights_fall_and_sum_to_one() -> None:
    for count in (1, 2, 7, 24):
        weights = rank_weights(count)
        assert math.fsum(weights) == pytest.approx(1.0)
        assert weights == sorted(weights, reverse=True)
        assert weights[-1] > 0


def test_fit() -> None:
    fitted = fit_elites(SPACE, ELITES, round_number=1)
    assert set(fitted.centres) == {"x", "c", "y", "k"}
    assert fitted.centres["y"] == [None, 0.2, 0.3]
    assert fitted.centres["c"] == pytest.approx([1 / 6, 1 / 2, 1 / 2])
    first, second, third = fitted.weights
    smoothed = [(1 / 3 + first) / 2, (1 / 3 + second + third) / 2, (1 / 3) / 2]
    assert fitted.probabilities["c"] == pytest.approx(smoothed)
    assert fitted.widths["x"] > 0
    assert fitted.widths["k"] >= 1 / 8
    assert set(fit_elites(SPACE, ELITES, round_number=3).centres) == set(SPACE.parameters)


def test_one_elite_narrows_nothing() -> None:
    assert fit_elites(SPACE, ELITES[:1], round_number=3).centres == {}
    assert "y" not in fit_elites(SPACE, ELITES[:2], round_number=3).centres
