from typing import Any

import pytest

from caviar.sampler import Round, SearchSpace, make_sampler
from caviar.sampler.algorithms.grid import grid_levels
from tests.sampler.spaces import network_space, search, values

UNIT = {"type": "float", "low": 0, "high": 1}
LEVELS = [  # number of floats, budget, sorted levels
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
        current = sampler.begin_round(space, seed=1, budget=25, rounds=[], observations=[])
        settings = [sampler.propose(space, current, seed=1, number=n) for n in range(25)]
        tried[kind] = {name: len({params[name] for params in settings}) for name in ("x", "y")}
    assert tried["grid"] == {"x": 5, "y": 5}
    assert tried["random"] == tried["quasi_random"] == {"x": 25, "y": 25}


def test_discrete_values_are_not_repeated_and_the_rest_is_random() -> None:
    rounds, trials = search(make_sampler({"kind": "grid"}), network_space(), seed=1, budget=60)
    assert [current.size for current in rounds] == [36, 24]
    assert len({tuple(trial.params.items()) for trial in trials[:36]}) == 36
    assert "tries at most 3 values" in rounds[0].reason
    assert "24 trials drawn at random" in rounds[1].reason
    assert len(set(values(trials[:36], "learning_rate"))) == 3


FEW = {"type": "int", "low": 1, "high": 4, "scale": "log"}
COUNTS = {"type": "int", "low": 1, "high": 10, "scale": "log"}
TENTHS = {"type": "float", "low": 0.1, "high": 1.0, "step": 0.1, "scale": "log"}
SPACES = [  # space, budget, number of values of each parameter
    ({"n": FEW, "x": UNIT}, 8, {"n": 4, "x": 2}),
    ({"n": COUNTS}, 10, {"n": 10}),
    ({"n": COUNTS}, 7, {"n": 7}),
    ({"x": TENTHS}, 7, {"x": 7}),
    ({"x": TENTHS}, 10, {"x": 10}),
]


@pytest.mark.parametrize(("spec", "budget", "tried"), SPACES)
def test_uneven_values_are_not_repeated(
    spec: dict[str, Any], budget: int, tried: dict[str, int]
) -> None:
    grid, trials = _tried(spec, budget)
    assert {name: len({trial[name] for trial in trials}) for name in spec} == tried
    assert len({tuple(trial.values()) for trial in trials}) == len(trials) == grid.size
    ends = {name: (spec[name]["low"], spec[name]["high"]) for name in spec}
    assert {n: (min(o[n] for o in trials), max(o[n] for o in trials)) for n in spec} == ends


def test_inactive_parameters_add_no_crossings() -> None:
    spec = {
        "optimizer": {"type": "categorical", "choices": ["adam", "momentum"]},
        "momentum": {"type": "float", "low": 0.5, "high": 0.9, "when": {"optimizer": ["momentum"]}},
    }
    grid, trials = _tried(spec, 8)
    assert [trial["optimizer"] for trial in trials] == ["adam"] + ["momentum"] * 4
    assert len({trial["momentum"] for trial in trials[1:]}) == 4
    assert "5 trials tries at most 4 values" in grid.reason


def _tried(spec: dict[str, Any], budget: int) -> tuple[Round, list[dict[str, Any]]]:
    """The grid round and its settings."""
    space = SearchSpace.from_dict(spec)
    sampler = make_sampler({"kind": "grid"})
    first = sampler.begin_round(space, seed=1, budget=budget, rounds=[], observations=[])
    numbers = range(first.first, first.stop)
    return first, [dict(sampler.propose(space, first, seed=1, number=n)) for n in numbers]
