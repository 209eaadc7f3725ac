"""Finite spaces: counted without enumeration, and every setting tried once."""

from typing import Any

import pytest

from caviar.sampler import Observation, Params, Round, SearchSpace, make_sampler, parse_box
from caviar.sampler.algorithms.grid import GridSampler
from caviar.sampler.rounds import next_round, whole_box
from caviar.sampler.space.finite import untried
from caviar.sampler.values import params_identity

FLOAT = {"type": "float", "low": 0, "high": 1}
INT = {"type": "int", "low": 1, "high": 3}
AB = {"type": "categorical", "choices": ["a", "b"]}
CONDITIONAL: dict[str, Any] = {
    "depth": {**INT, "when": {"kind": ["tree"]}},
    "kind": {"type": "categorical", "choices": ["tree", None, ["net", 2]]},
    "units": {"type": "int", "low": 8, "high": 32, "scale": "log", "base": 2,
              "when": {"kind": [["net", 2]]}},
    "rate": {"type": "float", "low": 0, "high": 0.3, "step": 0.1},
    "last": {**AB, "when": {"depth": {"at_least": 2}}},
    "fixed": {"type": "constant", "value": [1]},
}  # fmt: skip

SPACES: list[tuple[dict[str, Any], int | None]] = [
    ({"a": AB, "b": INT}, 6),
    ({"a": AB, "flag": {"type": "bool"}, "k": {"type": "constant", "value": 3}}, 4),
    (CONDITIONAL, (5 + 1 + 3) * 4),
    ({"x": FLOAT}, None),
    ({"x": {**FLOAT, "high": 0}}, 1),
    ({"a": AB, "x": {**FLOAT, "when": {"a": ["b"]}}}, None),
    ({"a": AB, "n": {"type": "int", "low": 1, "high": 2**40, "when": {"a": ["b"]}}}, None),
    (
        {
            "a": AB,
            "n": {"type": "int", "low": 1, "high": 2**40, "when": {"a": ["b"]}},
            "c": {**AB, "when": {"n": {"at_least": 7}}},
        },
        None,
    ),
    ({f"p{place}": AB for place in range(200)}, None),
    ({"n": {"type": "int", "low": 0, "high": 1_000, "step": 10}}, 101),
]


@pytest.mark.parametrize(("spec", "count"), SPACES)
def test_settings_are_counted(spec: dict[str, Any], count: int | None) -> None:
    space = SearchSpace.from_dict(spec)
    assert space.count(at_most=1_000) == count
    if count is None:
        return
    assert space.count(at_most=count) == count
    assert space.count(at_most=count - 1) is None
    listed = space.settings
    assert len({each.key for each in listed}) == len(listed) == count
    for each in listed:
        assert space.at(each.point) == each.params == space.validate(each.params)


def tried_by(kind: str, space: SearchSpace, *, seed: int, budget: int) -> list[Params]:
    """The settings of a study that trains until nothing is left."""
    sampler = make_sampler({"kind": kind})
    rounds: list[Round] = []
    trials: list[Observation] = []
    while True:
        current = sampler.begin_round(
            space, seed=seed, budget=budget, rounds=rounds, observations=trials
        )
        if not current.size:
            assert current.proposal_data["left"] == 0
            return [trial.params for trial in trials]
        stored = Round.from_dict(current.to_dict())
        rounds.append(stored)
        for number in range(current.first, current.stop):
            params = sampler.propose(space, stored, seed=seed, number=number)
            trials.append(Observation(number=number, params=params, value=number * 0.37 % 1.0))
        left = space.count(at_most=budget) or 0
        assert current.proposal_data["left"] == left - len(trials)


@pytest.mark.parametrize("kind", ["random", "quasi_random", "grid", "coarse_to_fine"])
def test_every_setting_is_tried_once(kind: str) -> None:
    space = SearchSpace.from_dict(CONDITIONAL)
    everything = {listed.key for listed in space.settings}
    tried = tried_by(kind, space, seed=1, budget=100)
    assert len(tried) == len(everything) == 36
    assert {params_identity(params) for params in tried} == everything
    assert tried == tried_by(kind, space, seed=1, budget=100)
    assert (tried == tried_by(kind, space, seed=2, budget=100)) == (kind == "grid")


def test_a_grid_of_all_settings_has_the_order_of_any_other_grid() -> None:
    plain = {"b": INT, "a": AB, "c": {"type": "bool"}}
    for spec in (plain, {**plain, "b": {**INT, "when": {"a": ["b"]}}}):
        space = SearchSpace.from_dict(spec)
        sampler = GridSampler()
        whole = next_round([], size=100, box=whole_box(space.parameters), reason="")
        grid = sampler.prepare(space, whole)
        crossings = [
            sampler.propose(space, grid, seed=1, number=number) for number in range(grid.size)
        ]
        assert crossings == tried_by("grid", space, seed=1, budget=100)


@pytest.mark.parametrize("kind", ["random", "quasi_random", "grid", "coarse_to_fine"])
def test_a_box_has_only_the_settings_within_it(kind: str) -> None:
    spec = {"n": {"type": "int", "low": 1, "high": 10, "scale": "log"}, "a": AB}
    space = SearchSpace.from_dict(spec)
    sampler, tried = make_sampler({"kind": kind}), [{"n": 4, "a": "a"}, {"n": 9, "a": "b"}]
    current = sampler.begin_round(
        space, seed=1, budget=50, rounds=[], observations=[], tried=tried,
        box=parse_box(space, {"n": [3, 5]}), size=20,
    )  # fmt: skip
    numbers = range(current.first, current.stop)
    proposed = [sampler.propose(space, current, seed=1, number=number) for number in numbers]
    assert sorted((each["n"], each["a"]) for each in proposed) == [  # type: ignore[type-var]
        (3, "a"), (3, "b"), (4, "b"), (5, "a"), (5, "b"),
    ]  # fmt: skip
    assert current.proposal_data["left"] == 20 - 2 - 5


def test_a_larger_space_is_not_enumerated() -> None:
    space = SearchSpace.from_dict({f"p{place}": AB for place in range(12)})
    assert untried(space, {}, [], at_most=4_095) is None
    left = untried(space, {}, [space.settings[7].params], at_most=4_096)
    assert left is not None
    assert (left.total, 7 in left.places, len(left.places)) == (4_095, False, 4_095)
