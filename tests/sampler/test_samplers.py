"""The contract of all samplers: each test runs for every kind."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caviar.sampler import (
    Observation,
    Round,
    Sampler,
    SearchSpace,
    draws,
    make_sampler,
    parse_box,
    planned_trials,
)
from tests.sampler.spaces import NETWORK, network_space, search, values

KINDS = ("random", "quasi_random", "grid", "coarse_to_fine")
INDIVIDUAL = ("random", "coarse_to_fine")  # draw each parameter independently
BUDGETS = (1, 7, 20, 60, 150)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def sampler(kind: str) -> Sampler:
    return make_sampler({"kind": kind})


@pytest.mark.parametrize("budget", BUDGETS)
def test_rounds_hold_the_budget_without_gaps(sampler: Sampler, budget: int) -> None:
    rounds, trials = search(sampler, network_space(), seed=3, budget=budget)
    assert [current.number for current in rounds] == list(range(len(rounds)))
    assert [current.first for current in rounds] == [0, *(r.stop for r in rounds[:-1])]
    assert planned_trials(rounds) == len(trials) == budget
    for current in rounds:
        assert current.reason.endswith(".")
        assert list(current.box) == list(NETWORK)
        assert all(0.0 <= low < high <= 1.0 for low, high in current.box.values())
    with pytest.raises(ValueError, match="already"):
        sampler.begin_round(
            network_space(), seed=3, budget=budget, rounds=rounds, observations=trials
        )


def test_a_raised_budget_continues_the_search(sampler: Sampler) -> None:
    space = network_space()
    rounds, trials = search(sampler, space, seed=3, budget=30)
    more = sampler.begin_round(space, seed=3, budget=45, rounds=rounds, observations=trials)
    assert (more.number, more.first) == (len(rounds), 30)
    assert more.stop <= 45


@given(seed=st.integers(0, 2**63 - 1), budget=st.integers(20, 80))
@settings(max_examples=8)
def test_settings_stay_in_their_box(seed: int, budget: int) -> None:
    space = network_space()
    for kind in KINDS:
        rounds, trials = search(make_sampler({"kind": kind}), space, seed=seed, budget=budget)
        for current in rounds:
            for trial in trials[current.first : current.stop]:
                params = dict(trial.params)
                assert space.validate(params) == params
                assert json.loads(json.dumps(params)) == params
                for name, value in params.items():
                    slack = space.parameters[name].share(value) / 2 + 1e-9
                    is_exploring = trial.number in current.proposal_data.get("looks", [])
                    low, high = (0.0, 1.0) if is_exploring else current.box[name]
                    assert low - slack <= space.encode(params)[name] <= high + slack


def test_rounds_do_not_depend_on_the_order_of_results(sampler: Sampler) -> None:
    space = network_space()
    rounds, trials = search(sampler, space, seed=5, budget=60)
    ties = [
        Observation(number=o.number, params=o.params, value=o.value and round(o.value, 1))
        for o in trials
    ]
    for observations in (trials, ties):
        shuffled = list(observations)
        begun = []
        for shuffle in range(3):
            random.Random(shuffle).shuffle(shuffled)
            begun.append(
                sampler.begin_round(space, seed=5, budget=90, rounds=rounds, observations=shuffled)
            )
        assert all(current == begun[0] for current in begun)


def test_proposals_do_not_depend_on_the_order_of_calls(sampler: Sampler) -> None:
    space = network_space()
    rounds, trials = search(sampler, space, seed=5, budget=60)
    stored = [Round.from_dict(json.loads(json.dumps(r.to_dict()))) for r in rounds]
    work = [
        (current, number) for current in stored for number in range(current.first, current.stop)
    ]
    random.Random(1).shuffle(work)
    restored = SearchSpace.from_dict(json.loads(json.dumps(space.to_dict())))
    for current, number in work:
        assert sampler.propose(restored, current, seed=5, number=number) == trials[number].params


def test_seeds_differ(sampler: Sampler) -> None:
    first = search(sampler, network_space(), seed=1, budget=20)
    second = search(sampler, network_space(), seed=2, budget=20)
    assert [o.params for o in first[1]] != [o.params for o in second[1]]


@pytest.mark.parametrize("kind", INDIVIDUAL)
@pytest.mark.parametrize("place", ["first", "last"])
def test_adding_a_parameter_keeps_the_draws_of_others(sampler: Sampler, place: str) -> None:
    extra: dict[str, Any] = {"decay": {"type": "float", "low": 0, "high": 1}}
    spec = {**extra, **NETWORK} if place == "first" else {**NETWORK, **extra}
    before, after = network_space(), SearchSpace.from_dict(spec)
    small = sampler.begin_round(before, seed=9, budget=100, rounds=[], observations=[])
    large = sampler.begin_round(after, seed=9, budget=100, rounds=[], observations=[])
    for number in range(small.size):
        params = sampler.propose(after, large, seed=9, number=number)
        assert "decay" in params
        del params["decay"]
        assert params == sampler.propose(before, small, seed=9, number=number)


def test_proposals_stay_in_a_manual_box(sampler: Sampler) -> None:
    space = network_space()
    box = {**dict.fromkeys(NETWORK, (0.0, 1.0)), "learning_rate": (0.5, 0.6)}
    current = Round(number=1, first=40, size=40, box=box, reason="Manual zoom.")
    for number in range(40, 80):
        params = sampler.propose(space, current, seed=1, number=number)
        assert 0.5 <= space.encode(params)["learning_rate"] <= 0.6


def test_a_round_can_be_planned_in_a_box(sampler: Sampler) -> None:
    space = network_space()
    rounds, trials = search(sampler, space, seed=3, budget=30)
    box = parse_box(space, {"learning_rate": [0.01, 0.1]})
    current = sampler.begin_round(
        space, seed=3, budget=60, rounds=rounds, observations=trials, box=box
    )
    for number in range(current.first, current.stop):
        params = sampler.propose(space, current, seed=3, number=number)
        assert 0.0099 <= params["learning_rate"] <= 0.101  # type: ignore[operator]


def test_a_space_may_have_one_parameter(sampler: Sampler) -> None:
    for spec in (
        {"type": "float", "low": 0, "high": 1},
        {"type": "int", "low": 1, "high": 2**40},
        {"type": "categorical", "choices": list(range(41))},
    ):
        space = SearchSpace.from_dict({"x": spec})
        rounds: list[Round] = []
        trials: list[Observation] = []
        while planned_trials(rounds) < 40:
            current = sampler.begin_round(
                space, seed=1, budget=40, rounds=rounds, observations=trials
            )
            rounds.append(current)
            for number in range(current.first, current.stop):
                params = sampler.propose(space, current, seed=1, number=number)
                trials.append(Observation(number=number, params=params, value=0.5))
        assert len(values(trials, "x")) == 40


def test_random_draws_are_addressed_by_number() -> None:
    space = SearchSpace.from_dict({name: {"type": "float", "low": 0, "high": 1} for name in "ab"})
    sampler = make_sampler({"kind": "random"})
    box = {"a": (0.0, 1.0), "b": (0.25, 0.5)}
    whole = Round(number=0, first=0, size=2**32, box=box)
    for number in (0, 63, 64, 1000, 2**32 - 1):
        a, b = (draws.unit(seed=5, number=number, name=name) for name in box)
        params = sampler.propose(space, whole, seed=5, number=number)
        assert params == {"a": a, "b": pytest.approx(0.25 + b / 4)}
