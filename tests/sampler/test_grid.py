import pytest

from sampler import SearchSpace, make_sampler
from sampler.grid import grid_levels
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
    assert sorted(grid_levels(space, budget).values()) == levels


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
    assert [current.size for current in rounds] == [48, 12]
    assert "tries 3 values of a parameter at most" in rounds[0].reason
    assert rounds[1].reason == "12 trials that the grid leaves over, drawn at random."
    assert len(set(values(seen[:48], "learning_rate"))) == 3
