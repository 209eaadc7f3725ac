import math
import re

import numpy as np
import pytest

from caviar.sampler import Observation, Round, SearchSpace, make_sampler
from caviar.sampler.coarse_to_fine.candidates import candidates
from caviar.sampler.coarse_to_fine.elites import fit_elites
from tests.sampler.spaces import NETWORK, loss, network_space, search

SAMPLER = make_sampler({"kind": "coarse_to_fine"})

SIZES = [  # the budget, and the sizes of its rounds
    (1, [1]),
    (12, [12]),
    (15, [15]),
    (16, [12, 4]),
    (20, [12, 8]),
    (60, [12, *[8] * 6]),
    (100, [12, *[8] * 11]),
    (2000, [80] * 25),
]


@pytest.mark.parametrize(("budget", "sizes"), SIZES)
def test_sizes_come_from_the_budget(budget: int, sizes: list[int]) -> None:
    space = SearchSpace.from_dict({"x": {"type": "float", "low": 0, "high": 1}})
    rounds: list[Round] = []
    while sum(current.size for current in rounds) < budget:
        rounds.append(
            SAMPLER.begin_round(space, seed=1, budget=budget, rounds=rounds, observations=[])
        )
    assert [current.size for current in rounds] == sizes


def test_the_first_trial_is_the_middle_and_the_others_are_a_latin_hypercube() -> None:
    space = SearchSpace.from_dict(
        {
            "learning_rate": {"type": "float", "low": 1e-4, "high": 1.0, "scale": "log"},
            "x": {"type": "float", "low": 0, "high": 1},
            "optimizer": {"type": "categorical", "choices": ["gd", "adam", "momentum"]},
        }
    )
    optimizers = set()
    for seed in range(8):
        current = SAMPLER.begin_round(space, seed=seed, budget=100, rounds=[], observations=[])
        params = [SAMPLER.propose(space, current, seed=seed, number=n) for n in range(12)]
        assert params[0]["learning_rate"] == pytest.approx(0.01)
        assert params[0]["x"] == 0.5
        optimizers.add(params[0]["optimizer"])
        assert sorted(math.floor(11 * trial["x"]) for trial in params[1:]) == list(range(11))
    assert len(optimizers) > 1


def test_a_second_coarse_round_has_no_middle() -> None:
    space = SearchSpace.from_dict({"x": {"type": "float", "low": 0, "high": 1}})
    first = SAMPLER.begin_round(space, seed=1, budget=100, rounds=[], observations=[])
    again = SAMPLER.begin_round(space, seed=1, budget=100, rounds=[first], observations=[])
    xs = [SAMPLER.propose(space, again, seed=1, number=n)["x"] for n in range(12, again.stop)]
    assert sorted(math.floor(len(xs) * x) for x in xs) == list(range(len(xs)))


def test_priorities_delay_narrowing() -> None:
    space = network_space()
    rounds, _ = search(SAMPLER, space, seed=1, budget=100)
    for current in rounds:
        for name, parameter in space.parameters.items():
            if parameter.priority > current.number or name == "optimizer":
                assert current.box[name] == (0.0, 1.0)
    last = rounds[-1].box
    assert last["learning_rate"][1] - last["learning_rate"][0] < 0.5


def test_elites_are_the_best_of_all_closed_rounds() -> None:
    space = network_space()
    rounds, trials = search(SAMPLER, space, seed=2, budget=100)
    for current in rounds[1:]:
        before = [o for o in trials[: current.first] if o.value is not None]
        ranked = sorted(before, key=lambda o: (o.value, o.number))
        assert current.elites == tuple(o.number for o in ranked[: len(current.elites)])
        assert len(current.elites) >= 4
        for number in current.elites:
            for name, unit in space.encode(trials[number].params).items():
                low, high = current.box[name]
                assert low <= unit <= high


def test_trials_without_a_value_are_never_elites() -> None:
    space = network_space()
    rounds, trials = search(SAMPLER, space, seed=1, budget=20)
    lost = [
        Observation(number=o.number, params=o.params, value=value, state="diverged")
        for o, value in zip(trials[:12], [None, math.nan, math.inf, -math.inf] * 3, strict=True)
    ]
    again = SAMPLER.begin_round(space, seed=1, budget=20, rounds=rounds[:1], observations=lost)
    assert again.elites == ()
    assert set(again.box.values()) == {(0.0, 1.0)}
    assert "12 diverged" in again.reason
    assert "the whole space" in again.reason
    assert SAMPLER.propose(space, again, seed=1, number=12)
    trial = [*lost[:11], trials[11]]
    again = SAMPLER.begin_round(space, seed=1, budget=20, rounds=rounds[:1], observations=trial)
    assert again.elites == (11,)
    assert set(again.box.values()) == {(0.0, 1.0)}
    assert "The best trial of 12 trials (11 without a value)" in again.reason


def test_a_parameter_without_elites_is_not_narrowed() -> None:
    space = network_space()
    rounds, trials = search(SAMPLER, space, seed=1, budget=100)
    adam = [
        Observation(
            number=o.number,
            params=o.params,
            value=loss(space, o.params) + (10.0 if o.params["optimizer"] == "momentum" else 0.0),
        )
        for o in trials
    ]
    current = SAMPLER.begin_round(space, seed=1, budget=200, rounds=rounds, observations=adam)
    assert current.box["momentum"] == (0.0, 1.0)
    learned = fit_elites(space, [adam[number] for number in current.elites], round_number=3)
    pool = candidates(space, current.box, learned, seed=1, numbers=[100], count=1000)
    optimizers = [space.decode(dict(zip(NETWORK, row, strict=True)))["optimizer"] for row in pool]
    assert 0.02 < optimizers.count("momentum") / 1000 < 0.3


def test_reasons_in_natural_units() -> None:
    rounds, _ = search(SAMPLER, network_space(), seed=1, budget=100)
    assert "12 trials spread over the whole space" in rounds[0].reason
    assert re.match(
        r"The best 4 of 12 trials \(1 without a value\) have learning_rate from .*"
        r"momentum, hidden_units, batch_size and optimizer stay whole until round 2\. "
        r"hidden_layers stays whole until round 3\.",
        rounds[1].reason,
    )
    assert "learning_rate from 0.0" in rounds[-1].reason


def test_reasons_name_no_round_beyond_the_budget() -> None:
    rounds, _ = search(SAMPLER, network_space(), seed=1, budget=20)
    assert len(rounds) == 2
    assert "momentum, hidden_units, batch_size and 2 more stay whole." in rounds[1].reason
    rounds, _ = search(SAMPLER, network_space(), seed=1, budget=28)
    assert len(rounds) == 3
    assert "optimizer stay whole until round 2. hidden_layers stays whole." in rounds[1].reason
    assert "hidden_layers stays whole." in rounds[2].reason


def test_reasons_omit_parameters_with_one_value() -> None:
    constant = {"epochs": {"type": "constant", "value": 3}}
    single = {"loss": {"type": "categorical", "choices": ["hinge"]}}
    space = SearchSpace.from_dict({**NETWORK, **constant, **single})
    rounds, _ = search(SAMPLER, space, seed=1, budget=40)
    reasons = " ".join(current.reason for current in rounds)
    assert "stay whole until round 2" in reasons
    assert "epochs" not in reasons
    assert "loss" not in reasons


def test_edge_alarm() -> None:
    space = network_space()
    rounds, trials = search(SAMPLER, space, seed=1, budget=100)
    high = [
        Observation(number=o.number, params={**o.params, "learning_rate": rate}, value=-rate)
        for o, rate in zip(trials, np.geomspace(0.0001, 0.99, len(trials)).tolist(), strict=True)
    ]
    current = SAMPLER.begin_round(space, seed=1, budget=200, rounds=rounds, observations=high)
    assert "press against the high end of learning_rate (1)" in current.reason
    assert current.box["learning_rate"][1] == 1.0


def test_a_small_space_is_tried_without_repeats() -> None:
    space = SearchSpace.from_dict(
        {
            "units": {"type": "int", "low": 1, "high": 9},
            "optimizer": {"type": "categorical", "choices": ["gd", "adam", "momentum", "rmsprop"]},
        }
    )
    rounds: list[Round] = []
    trials: list[Observation] = []
    for _ in range(5):
        current = SAMPLER.begin_round(space, seed=1, budget=100, rounds=rounds, observations=trials)
        rounds.append(current)
        for number in range(current.first, current.stop):
            params = SAMPLER.propose(space, current, seed=1, number=number)
            value = abs(params["units"] - 5) + len(params["optimizer"])
            trials.append(Observation(number=number, params=params, value=value))
    coarse = {tuple(trial.params.values()) for trial in trials[: rounds[0].size]}
    later = [tuple(trial.params.values()) for trial in trials[rounds[0].size : rounds[2].stop]]
    assert len(set(later)) == len(later)
    assert not coarse & set(later)


def test_all_but_exploration_trials_stay_in_the_box() -> None:
    space = network_space()
    rounds, trials = search(SAMPLER, space, seed=1, budget=100)
    outside: set[int] = set()
    for current in rounds[1:]:
        for trial in trials[current.first : current.stop]:
            for name, unit in space.encode(trial.params).items():
                low, high = current.box[name]
                if not low - 1e-9 <= unit <= high + 1e-9:
                    outside.add(trial.number)
    assert outside
    assert outside <= {
        number for current in rounds[1:] for number in current.proposal_data["looks"]
    }
    assert sum(len(current.proposal_data["looks"]) for current in rounds[1:]) <= 88 / 4


def test_exploration_trials_stay_in_a_manual_box() -> None:
    space = network_space()
    rounds, trials = search(SAMPLER, space, seed=1, budget=60)
    box = {"learning_rate": (0.6, 0.7)}
    current = SAMPLER.begin_round(
        space, seed=1, budget=200, rounds=rounds, observations=trials, box=box, size=24
    )
    for number in range(current.first, current.stop):
        params = SAMPLER.propose(space, current, seed=1, number=number)
        assert 0.6 - 1e-9 <= space.encode(params)["learning_rate"] <= 0.7 + 1e-9


@pytest.mark.parametrize("size", [1, 4, 300])
def test_a_round_may_have_any_size(size: int) -> None:
    space = network_space()
    rounds, trials = search(SAMPLER, space, seed=1, budget=64)
    current = SAMPLER.begin_round(
        space, seed=1, budget=500, rounds=rounds, observations=trials, size=size
    )
    assert len(current.proposal_data["points"]) == size


def test_better_than_random_search() -> None:
    space = network_space()
    best = {
        kind: np.mean(
            [
                min(o.value for o in trials if o.value is not None)
                for trials in (
                    search(make_sampler({"kind": kind}), space, seed=seed, budget=60)[1]
                    for seed in range(5)
                )
            ]
        )
        for kind in ("random", "coarse_to_fine")
    }
    assert best["coarse_to_fine"] < 0.6 * best["random"]


def test_proposals_need_only_the_round() -> None:
    rounds, trials = search(SAMPLER, network_space(), seed=1, budget=60)
    last = rounds[-1]
    other = make_sampler({"kind": "coarse_to_fine", "elite_share": 0.9})
    for number in range(last.first, last.stop):
        params = other.propose(network_space(), last, seed=1, number=number)
        assert params == trials[number].params
    assert list(last.box) == list(NETWORK)
