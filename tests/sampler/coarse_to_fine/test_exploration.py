import re
from collections import Counter

import numpy as np

from caviar.sampler import Observation, SearchSpace, make_sampler
from caviar.sampler.coarse_to_fine.elites import choose_elites, fit_elites
from caviar.sampler.coarse_to_fine.exploration import (
    exploration_candidates,
    exploration_targets,
    target_fit,
    underrepresented_choices,
)
from caviar.sampler.ranking import ranked
from caviar.sampler.rounds import whole_box
from tests.sampler.spaces import loss, network_space, random_search, search

SPACE = SearchSpace.from_dict(
    {
        "c": {"type": "categorical", "choices": ["a", "b", "c"]},
        "flag": {"type": "bool", "when": {"c": ["a", "b"]}},
        "size": {"type": "categorical", "choices": [1, 2], "ordered": True},
        "x": {"type": "float", "low": 0, "high": 1},
    }
)


def elites(*settings: dict[str, object]) -> list[Observation]:
    return [Observation(number=n, params=params, value=n) for n, params in enumerate(settings)]  # type: ignore[arg-type]


def test_underrepresented_choices() -> None:
    a, c = {"c": "a", "flag": True, "size": 1, "x": 0.5}, {"c": "c", "size": 1, "x": 0.5}
    choices = underrepresented_choices(SPACE, elites(a, a, c))
    assert [(choice.name, choice.value) for choice in choices] == [
        ("c", "b"),
        ("c", "c"),
        ("flag", False),
    ]
    for choice in choices:
        assert SPACE.parameters[choice.name].decode(choice.unit) == choice.value
    assert [choice.matches_each([c])[0] for choice in choices] == [False, True, False]
    assert underrepresented_choices(SPACE, elites(a, c, c, a))[0].name == "c"


def test_choices_take_turns() -> None:
    best = elites({"c": "a", "flag": True, "size": 1, "x": 0.5})
    targets = exploration_targets(SPACE, best, numbers=range(4, 52))
    assert sorted(targets) == [4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48]
    assert all(targets[number] is None for number in targets if number % 8 == 0)
    turns = Counter(target for target in targets.values() if target)
    assert set(turns) == set(underrepresented_choices(SPACE, best))
    assert set(turns.values()) == {2}


def test_without_categories_exploration_is_anywhere() -> None:
    space = SearchSpace.from_dict({"x": {"type": "float", "low": 0, "high": 1}})
    targets = exploration_targets(space, elites({"x": 0.5}), numbers=range(64))
    assert targets == dict.fromkeys(range(0, 64, 8))


def test_candidates_of_a_choice_gather_around_its_best_trials() -> None:
    space = network_space()
    trials = [
        Observation(
            number=trial.number,
            params=trial.params,
            # Momentum is best at a high learning rate, adam at a low one; adam is much better.
            value=abs(rate - 0.9) + 5
            if trial.params["optimizer"] == "momentum"
            else abs(rate - 0.2),
        )
        for trial in random_search(space, loss, seed=1, count=80)
        for rate in [space.encode(trial.params)["learning_rate"]]
    ]
    best = choose_elites(ranked(trials), share=0.1)
    (choice,) = underrepresented_choices(space, best)
    points = exploration_candidates(
        space,
        choice,
        target_fit(space, choice, ranked(trials), share=0.1, round_number=3),
        fit_elites(space, best, round_number=3),
        box=whole_box(space.parameters),
        seed=1,
        numbers=[100],
        count=400,
    )
    names = list(space.parameters)
    settings = [space.decode(dict(zip(names, row, strict=True))) for row in points.tolist()]
    assert {params["optimizer"] for params in settings} == {"momentum"}
    assert np.median(points[:, names.index("learning_rate")]) > 0.75


def test_exploration_anywhere_keeps_part_of_an_elite_and_leaves_the_box() -> None:
    space = network_space()
    rounds, trials = search(make_sampler({"kind": "coarse_to_fine"}), space, seed=1, budget=60)
    learned = fit_elites(space, choose_elites(ranked(trials), share=0.1), round_number=3)
    points = exploration_candidates(
        space,
        None,
        target_fit(space, None, ranked(trials), share=0.1, round_number=3),
        learned,
        box=whole_box(space.parameters),
        seed=1,
        numbers=[64],
        count=400,
    )
    rates = points[:, list(space.parameters).index("learning_rate")]
    low, high = rounds[-1].box["learning_rate"]
    assert 0.2 < np.mean((rates < low) | (rates > high)) < 0.8
    assert 0.2 < np.isin(rates, learned.centres["learning_rate"]).mean() < 0.8


def test_candidates_of_an_untried_choice_leap_from_the_elites() -> None:
    best = elites({"c": "a", "flag": True, "size": 1, "x": 0.5})
    learned = fit_elites(SPACE, best * 2, round_number=3)
    for choice in underrepresented_choices(SPACE, best):
        own = target_fit(SPACE, choice, best, share=0.1, round_number=3)
        assert own is None
        points = exploration_candidates(
            SPACE,
            choice,
            own,
            learned,
            box=whole_box(SPACE.parameters),
            seed=1,
            numbers=[4],
            count=99,
        )
        assert (points[:, list(SPACE.parameters).index(choice.name)] == choice.unit).all()


def test_reasons_name_exploration_targets() -> None:
    sampler = make_sampler({"kind": "coarse_to_fine"})
    rounds, _ = search(sampler, network_space(), seed=1, budget=100)
    sentence = re.compile(r"outside the box: (optimizer \w+ and )?anywhere\.")
    assert all(sentence.search(current.reason) for current in rounds[1:])
