from typing import Any

import pytest

from caviar.sampler import Round, SearchSpace, make_sampler
from caviar.sampler.algorithms.grid import grid_levels
from tests.sampler.spaces import network_space, search, values

UNIT = {"type": "float", "low": 0, "high": 1}
LEVELS = [  # spaces of so many floats, the budget, and the values of each
    (2, 25, [5, 5]),
    (2, 24, [4, 6]),
    (3, 7, [1, 2, 3]),
    (1, 10, [10]),
    (6, 10, [1, 1, 1, 2, 2, 2]),
]


@pytest.mark.parametrize(("count", "budget", "levels"), LEVELS)
def test_levels(count: int, budget: int, levels: list[int]) -> None:
    space = SearchSpace.from_dict({f"x{place}": UNIT for place in range(count)})
    most = dict.fromkeys(space.parameters, budget)
    assert sorted(grid_levels(space, most, budget=budget).values()) == levels


def test_25_trials_try_5_values_of_each_and_random_25() -> None:
    space = SearchSpace.from_dict({"x": UNIT, "y": UNIT})
    tried = {}
    for kind in ("grid", "random", "quasi_random"):
        sampler = make_sampler({"kind": kind})
        current = sampler.plan(space, seed=1, budget=25, rounds=[], observations=[])
        settings = [sampler.propose(space, current, seed=1, number=n) for n in range(25)]
        tried[kind] = {name: len({params[name] for params in settings}) for name in ("x", "y")}
    assert tried["grid"] == {"x": 5, "y": 5}
    assert tried["random"] == tried["quasi_random"] == {"x": 25, "y": 25}


def test_few_values_are_not_repeated_and_the_rest_is_random() -> None:
    rounds, seen = search(make_sampler({"kind": "grid"}), network_space(), seed=1, budget=60)
    assert [current.size for current in rounds] == [36, 24]
    assert len({tuple(one.params.items()) for one in seen[:36]}) == 36
    assert "tries 3 values of a parameter at most" in rounds[0].reason
    assert rounds[1].reason == "24 trials drawn at random: the grid is the first round."
    assert len(set(values(seen[:36], "learning_rate"))) == 3


FEW = {"type": "int", "low": 1, "high": 4, "scale": "log"}
COUNTS = {"type": "int", "low": 1, "high": 10, "scale": "log"}
TENTHS = {"type": "float", "low": 0.1, "high": 1.0, "step": 0.1, "scale": "log"}
SPACES = [  # a space, the budget, and how many values of each the grid tries
    ({"n": FEW, "x": UNIT}, 8, {"n": 4, "x": 2}),
    ({"n": COUNTS}, 10, {"n": 10}),
    ({"n": COUNTS}, 7, {"n": 7}),
    ({"x": TENTHS}, 7, {"x": 7}),
    ({"x": TENTHS}, 10, {"x": 10}),
]


@pytest.mark.parametrize(("spec", "budget", "tried"), SPACES)
def test_single_values_are_not_repeated(
    spec: dict[str, Any], budget: int, tried: dict[str, int]
) -> None:
    grid, seen = _tried(spec, budget)
    assert {name: len({one[name] for one in seen}) for name in spec} == tried
    assert len({tuple(one.values()) for one in seen}) == len(seen) == grid.size
    ends = {name: (spec[name]["low"], spec[name]["high"]) for name in spec}
    assert {n: (min(o[n] for o in seen), max(o[n] for o in seen)) for n in spec} == ends


def test_what_takes_no_part_makes_no_crossings() -> None:
    spec = {
        "optimizer": {"type": "categorical", "choices": ["adam", "momentum"]},
        "momentum": {"type": "float", "low": 0.5, "high": 0.9, "when": {"optimizer": ["momentum"]}},
    }
    grid, seen = _tried(spec, 8)
    assert [one["optimizer"] for one in seen] == ["adam"] + ["momentum"] * 4
    assert len({one["momentum"] for one in seen[1:]}) == 4
    assert grid.reason.startswith("A grid of 5 trials tries 4 values of a parameter at most")


def _tried(spec: dict[str, Any], budget: int) -> tuple[Round, list[dict[str, Any]]]:
    """The round of the grid, and its settings."""
    space = SearchSpace.from_dict(spec)
    sampler = make_sampler({"kind": "grid"})
    first = sampler.plan(space, seed=1, budget=budget, rounds=[], observations=[])
    numbers = range(first.first, first.stop)
    return first, [dict(sampler.propose(space, first, seed=1, number=n)) for n in numbers]
