from dataclasses import replace

import numpy as np
import pytest

from caviar.sampler import Observation, Params, Round, SearchSpace, make_sampler
from caviar.sampler.coarse_to_fine import exploration, stagnation
from caviar.sampler.coarse_to_fine.explanations import exploration_reasons
from caviar.sampler.coarse_to_fine.latin_hypercube import latin_hypercube
from caviar.sampler.coarse_to_fine.stagnation import OutsideBasin, stagnant_best
from caviar.sampler.rounds import whole_box
from caviar.sampler.surrogate.surrogate import fit_surrogate
from tests.sampler.spaces import random_search, search

SPACE = SearchSpace.from_dict(
    {name: {"type": "float", "low": 0, "high": 1} for name in ("x", "y", "z")}
)
SAMPLER = make_sampler({"kind": "coarse_to_fine"})


def two_basins(space: SearchSpace, params: Params) -> float:
    """A wide basin, and a narrow one that is deeper and far from it."""
    place = np.array([params[name] for name in space.parameters], dtype=np.float64)
    wide = 0.5 - np.exp(-4.0 * ((place - 0.75) ** 2).sum()) * 0.5
    narrow = np.exp(-25.0 * ((place - 0.2) ** 2).sum())
    return float(wide - narrow)


def observations(*values: float | None) -> list[Observation]:
    return [
        Observation(
            number=number,
            params={"x": 0.5, "y": 0.5, "z": 0.5},
            value=value,
            state="completed" if value is not None else "diverged",
        )
        for number, value in enumerate(values)
    ]


FIRST = [float(value) for value in range(1, 17)]
THERE = [0.001] * 12 + [0.1] * 12


def test_a_search_without_gain_near_the_best_stagnates() -> None:
    incumbent = stagnant_best(observations(*FIRST, 0.0, *THERE), exploring=(), size=8)
    assert incumbent is not None
    assert incumbent.number == 16


def test_trials_without_a_value_do_not_count() -> None:
    assert (
        stagnant_best(observations(*FIRST, None, 0.0, *THERE, None), exploring=(), size=8)
        is not None
    )
    assert stagnant_best(observations(*FIRST, *[None] * 30), exploring=(), size=8) is None


@pytest.mark.parametrize(
    "values",
    [
        [*FIRST, *THERE],  # the last rounds improved from 1 to 0.001
        [*FIRST, 0.0, *[2.0] * 20, *THERE[:4]],  # most of them are far from the best
        [*FIRST[:8], 0.0, *THERE],  # too few trials
        FIRST[:4],
        [],
        [1.5e308] * 30 + [-1.5e308] * 30,
    ],
)
def test_a_search_with_gains_or_spread_trials_does_not_stagnate(values: list[float]) -> None:
    assert stagnant_best(observations(*values), exploring=(), size=8) is None


def test_trials_of_other_studies_do_not_count() -> None:
    own = observations(*FIRST, 0.0, *THERE)
    others = [replace(trial, number=-1 - trial.number, value=-1.0) for trial in own]
    assert (
        stagnant_best(sorted(others, key=lambda trial: trial.number), exploring=(), size=8) is None
    )
    incumbent = stagnant_best([*reversed(others), *own], exploring=(), size=8)
    assert incumbent is not None
    assert incumbent.number == 16


def test_exploration_trials_do_not_count_for_the_gap() -> None:
    trials = observations(*FIRST, 0.0, *[0.001, 2.0, 2.0, 2.0, 2.0] * 24)
    assert stagnant_best(trials, exploring=(), size=8) is None
    far = {trial.number for trial in trials[17:] if trial.value == 2.0}
    assert stagnant_best(trials, exploring=far, size=8) is not None


def test_the_gain_of_an_exploration_trial_counts() -> None:
    trials = observations(*FIRST, 0.0, *THERE, -5.0)
    assert stagnant_best(trials, exploring=[len(trials) - 1], size=8) is None


def test_larger_rounds_need_more_trials() -> None:
    trials = observations(*FIRST, 0.0, *THERE)
    assert stagnant_best(trials, exploring=(), size=8) is not None
    assert stagnant_best(trials, exploring=(), size=9) is None


def test_equal_values_stagnate() -> None:
    incumbent = stagnant_best(observations(*[0.5] * 40), exploring=(), size=8)
    assert incumbent is not None
    assert incumbent.number == 0


def test_basin_escapes_alternate_on_every_other_trial() -> None:
    trials = random_search(SPACE, two_basins, seed=1, count=40)
    surrogate = fit_surrogate(SPACE, trials)
    assert surrogate is not None
    best = min(trials, key=lambda trial: trial.value or 0.0)
    restart, far = (
        OutsideBasin(space=SPACE, surrogate=surrogate, incumbent=best, restart=restart)
        for restart in (True, False)
    )
    exploring = exploration.exploration_targets(
        SPACE, [best], numbers=range(40, 48), escapes=[restart, far]
    )
    assert exploring == {40: None, 41: restart, 43: far, 45: restart, 47: far}
    apart = far.matches_each([trial.params for trial in trials])
    away = surrogate.metric.distances(
        surrogate.points, surrogate.points[[trials.index(best)]], surrogate.lengthscales
    )[:, 0]
    assert apart == (away >= stagnation.BASIN_RADIUS).tolist()
    assert not apart[trials.index(best)]
    assert far.matches_each([]) == []
    assert all(restart.matches_each([trial.params for trial in trials]))
    assert any(
        f"trial {best.number}:" in sentence
        for sentence in exploration_reasons(SPACE, [far], manual_box={})
    )


def stagnant_search() -> tuple[list[Round], list[Observation]]:
    """Thirty random trials, and thirty in the middle of the wide basin."""
    trials = random_search(SPACE, two_basins, seed=5, count=30)
    steps = {"x": 1, "y": 2, "z": 3}
    for number in range(30, 60):
        params = {name: 0.75 + 0.0005 * (number * step % 7) for name, step in steps.items()}
        value = two_basins(SPACE, params)
        trials.append(Observation(number=number, params=params, value=value))
    return [Round(number=0, first=0, size=60, box=whole_box(SPACE.parameters))], trials


def test_escapes_leave_the_basin_and_restarts_fill_the_space() -> None:
    rounds, trials = stagnant_search()
    current = SAMPLER.begin_round(SPACE, seed=3, budget=200, rounds=rounds, observations=trials)
    surrogate = fit_surrogate(SPACE, trials)
    assert surrogate is not None
    best = min(trials, key=lambda trial: trial.value or 0.0)
    assert f"trial {best.number}:" in current.reason
    numbers = range(current.first, current.stop)
    assert set(current.proposal_data["looks"]) == {
        trial for trial in numbers if trial % 2 or trial % 8 == 0
    }
    tried = {number: SAMPLER.propose(SPACE, current, seed=3, number=number) for number in numbers}
    far = OutsideBasin(space=SPACE, surrogate=surrogate, incumbent=best)
    assert all(far.matches_each([params for number, params in tried.items() if number % 4 == 3]))
    restart = [number for number in numbers if number % 4 == 1]
    points = latin_hypercube(SPACE, whole_box(SPACE.parameters), seed=3, numbers=restart)
    assert [tried[number] for number in restart] == [SPACE.at(at) for at in points]


def test_escapes_stay_in_a_manual_box() -> None:
    rounds, trials = stagnant_search()
    current = SAMPLER.begin_round(
        SPACE,
        seed=3,
        budget=200,
        rounds=rounds,
        observations=trials,
        box={"x": (0.6, 0.7)},
        size=8,
    )
    assert "every other trial" in current.reason
    places = [
        SPACE.encode(SAMPLER.propose(SPACE, current, seed=3, number=number))["x"]
        for number in range(current.first, current.stop)
    ]
    assert min(places) >= 0.6 - 1e-9
    assert max(places) <= 0.7 + 1e-9


def test_a_search_leaves_the_wrong_basin(monkeypatch: pytest.MonkeyPatch) -> None:
    def ends(seed: int) -> float:
        _, trials = search(
            SAMPLER,
            SPACE,
            seed=seed,
            budget=200,
            objective=two_basins,
        )
        return min(trial.value for trial in trials if trial.value is not None)

    leaving = [ends(seed) for seed in (0, 4)]
    monkeypatch.setattr(stagnation, "stagnant_best", lambda trials, **_: None)
    staying = [ends(seed) for seed in (0, 4)]
    assert min(leaving) < -0.1
    assert min(staying) > -0.05
