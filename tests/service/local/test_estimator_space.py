"""Spaces of estimators: each form of a parameter, and what the sampler searches for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from caviar.sampler import SpaceError
from caviar.service.local.estimator_space import read_space


def draws(given: Any, count: int = 400) -> list[Any]:
    """The values of one parameter, evenly over its scale."""
    space = read_space({"x": given}, seed=0)
    return [space.params(space.search.at([(i + 0.5) / count]))["x"] for i in range(count)]


@pytest.mark.parametrize(
    "distribution",
    [
        stats.uniform(2, 3),
        stats.loguniform(1e-3, 1e3),
        stats.reciprocal(1, 10),
        stats.loguniform(1, 10, loc=5),
        stats.randint(3, 9),
        stats.norm(5, 2),
        stats.expon(scale=3),
        stats.poisson(4),
        stats.beta(2, 5),
        stats.uniform,
    ],
    ids=lambda given: getattr(getattr(given, "dist", given), "name", "?"),
)
def test_draws_have_the_quantiles_of_a_distribution(distribution: Any) -> None:
    units = [(i + 0.5) / 400 for i in range(400)]
    expected = distribution.ppf(units)
    values = draws(distribution)
    if hasattr(distribution, "pmf"):
        assert {type(value) for value in values} == {int}
        assert np.mean(values == expected) > 0.98
    else:
        assert {type(value) for value in values} == {float}
        np.testing.assert_allclose(values[10:-10], expected[10:-10], rtol=0.02, atol=0.05)


def test_known_distributions_keep_their_scale() -> None:
    space = read_space(
        {"a": stats.loguniform(1e-3, 10), "b": stats.randint(1, 5), "c": stats.uniform(1, 2)},
        seed=0,
    )
    spec = {name: parameter.to_dict() for name, parameter in space.search.parameters.items()}
    assert (spec["a"]["scale"], spec["a"]["low"], spec["a"]["high"]) == ("log", 1e-3, 10.0)
    assert (spec["b"]["type"], spec["b"]["low"], spec["b"]["high"]) == ("int", 1, 4)
    assert (spec["c"]["scale"], spec["c"]["low"], spec["c"]["high"]) == ("linear", 1.0, 3.0)


def test_an_object_that_can_only_be_drawn_from() -> None:
    class Dice:
        def rvs(self, random_state: np.random.RandomState) -> int:
            return int(random_state.randint(1, 7))

    values = draws(Dice(), 600)
    assert set(values) == {1, 2, 3, 4, 5, 6}
    assert values == sorted(values)
    assert read_space({"x": Dice()}, seed=0).listed is not None

    class Words:
        def rvs(self, random_state: np.random.RandomState) -> str:
            return "word"

    with pytest.raises(SpaceError, match="x: must draw finite numbers"):
        read_space({"x": Words()}, seed=0)


def test_lists_give_their_own_values() -> None:
    values: list[Any] = [None, (1, 2), "a", len, 1, True, [3]]
    assert draws(values, 70) == [value for value in values for _ in range(10)]
    ascending = read_space({"x": np.logspace(-2, 2, 5)}, seed=0)
    assert ascending.search.parameters["x"].to_dict()["type"] == "int"
    assert isinstance(ascending.params({"x": 4})["x"], np.float64)
    for unordered in ([1, 3, 2], [1, 2], [True, False], ["a", "b", "c"]):
        assert read_space({"x": unordered}, seed=0).search.parameters["x"].nominal


def test_conditions_speak_of_the_values_of_a_list() -> None:
    space = read_space(
        {
            "kernel": ["linear", "rbf", None],
            "C": [0.1, 1.0, 10.0],
            "gamma": {
                "type": "float",
                "low": 1,
                "high": 2,
                "when": {"kernel": ["rbf"], "C": {"at_least": 1}},
            },
        },
        seed=0,
    )
    for point in np.random.default_rng(0).random((50, 3)):
        params = space.params(space.search.at(point.tolist()))
        assert ("gamma" in params) == (params["kernel"] == "rbf" and params["C"] >= 1)
    with pytest.raises(SpaceError, match=r"y\.when\.x: no value"):
        read_space({"x": [1, 2], "y": {"type": "bool", "when": {"x": [3]}}}, seed=0)
    with pytest.raises(SpaceError, match=r"y\.when\.x: is a distribution"):
        read_space(
            {"x": stats.norm(), "y": {"type": "bool", "when": {"x": {"at_least": 0}}}}, seed=0
        )


def test_names_that_a_space_does_not_take() -> None:
    long = "columntransformer__" + "numeric_" * 6 + "__imputer__strategy"
    given = {long: ["mean", "median"], "a-b__c": [1, 2], "a.b__c": [3, 4]}
    space = read_space(given, seed=0)
    params = space.params(space.search.at([0.1, 0.1, 0.9]))
    assert params == {long: "mean", "a-b__c": 1, "a.b__c": 4}


def test_a_small_space_is_listed() -> None:
    space = read_space(
        [
            {"a": [1, 2, 3], "b": {"type": "int", "low": 1, "high": 8, "scale": "log"}},
            {"a": [None]},
        ],
        seed=0,
    )
    assert space.listed is not None
    listed = [space.params(settings) for settings in space.listed]
    assert len(listed) == 3 * 8 + 1
    assert {"a": None} in listed
    assert {"a": 3, "b": 8} in listed
    assert read_space({"a": stats.uniform()}, seed=0).listed is None
    assert read_space({"a": list(range(100)), "b": list(range(100))}, seed=0).listed is None


def test_a_tuple_of_two_numbers_is_ambiguous() -> None:
    with pytest.raises(SpaceError, match=r"uniform\(0\.1, 10\).*\[0\.1, 10\]") as caught:
        read_space({"C": (0.1, 10)}, seed=0)
    assert caught.value.path == "C"
    assert len(read_space({"C": [0.1, 10]}, seed=0).listed or ()) == 2
