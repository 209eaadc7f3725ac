from dataclasses import replace

import numpy as np
import pytest

from caviar.sampler import Observation, Params, Round, SearchSpace, make_sampler
from caviar.sampler.coarse_to_fine import exploration as exploration_targets
from caviar.sampler.coarse_to_fine import stagnation as bottoms
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


def test_a_search_whose_last_trials_gain_nothing_near_the_best_is_at_the_bottom() -> None:
    found = stagnant_best(observations(*FIRST, 0.0, *THERE), looks=(), size=8)
    assert found is not None
    assert found.number == 16


def test_trials_without_a_value_do_not_count() -> None:
    assert (
        stagnant_best(observations(*FIRST, None, 0.0, *THERE, None), looks=(), size=8) is not None
    )
    assert stagnant_best(observations(*FIRST, *[None] * 30), looks=(), size=8) is None


@pytest.mark.parametrize(
    "values",
    [
        [*FIRST, *THERE],  # the last rounds came from 1 to 0.001
        [*FIRST, 0.0, *[2.0] * 20, *THERE[:4]],  # most of them are far from the best
        [*FIRST[:8], 0.0, *THERE],  # too few to tell
        FIRST[:4],
        [],
        [1.5e308] * 30 + [-1.5e308] * 30,
    ],
)
def test_a_search_that_still_gains_or_is_spread_is_not(values: list[float]) -> None:
    assert stagnant_best(observations(*values), looks=(), size=8) is None


def test_evidence_from_elsewhere_is_not_asked() -> None:
    own = observations(*FIRST, 0.0, *THERE)
    evidence = [replace(one, number=-1 - one.number, value=-1.0) for one in own]
    assert stagnant_best(sorted(evidence, key=lambda one: one.number), looks=(), size=8) is None
    found = stagnant_best([*reversed(evidence), *own], looks=(), size=8)
    assert found is not None
    assert found.number == 16


def test_second_looks_are_not_asked_how_close_they_came() -> None:
    seen = observations(*FIRST, 0.0, *[0.001, 2.0, 2.0, 2.0, 2.0] * 24)
    assert stagnant_best(seen, looks=(), size=8) is None
    far = {one.number for one in seen[17:] if one.value == 2.0}
    assert stagnant_best(seen, looks=far, size=8) is not None


def test_what_a_second_look_gains_counts() -> None:
    seen = observations(*FIRST, 0.0, *THERE, -5.0)
    assert stagnant_best(seen, looks=[len(seen) - 1], size=8) is None


def test_larger_rounds_take_longer_to_tell() -> None:
    seen = observations(*FIRST, 0.0, *THERE)
    assert stagnant_best(seen, looks=(), size=8) is not None
    assert stagnant_best(seen, looks=(), size=9) is None


def test_where_all_values_are_alike_there_is_nothing_more_to_gain() -> None:
    found = stagnant_best(observations(*[0.5] * 40), looks=(), size=8)
    assert found is not None
    assert found.number == 0


def test_looks_elsewhere_take_every_other_trial_by_turns() -> None:
    seen = random_search(SPACE, two_basins, seed=1, count=40)
    model = fit_surrogate(SPACE, seen)
    assert model is not None
    best = min(seen, key=lambda one: one.value or 0.0)
    fresh, far = (
        OutsideBasin(space=SPACE, model=model, stagnant_best=best, fresh=fresh)
        for fresh in (True, False)
    )
    looks = exploration_targets.exploration_targets(
        SPACE, [best], numbers=range(40, 48), elsewhere=[fresh, far]
    )
    assert looks == {40: None, 41: fresh, 43: far, 45: fresh, 47: far}
    apart = far.among([one.params for one in seen])
    away = model.metric.distances(
        model.points, model.points[[seen.index(best)]], model.lengthscales
    )[:, 0]
    assert apart == (away >= bottoms.APART).tolist()
    assert not apart[seen.index(best)]
    assert far.among([]) == []
    assert all(fresh.among([one.params for one in seen]))
    assert any(
        f"Around trial {best.number} " in said
        for said in exploration_reasons(SPACE, [far], manual_box={})
    )


def at_the_bottom() -> tuple[list[Round], list[Observation]]:
    """Thirty trials anywhere, and thirty in the middle of the wide basin."""
    seen = random_search(SPACE, two_basins, seed=5, count=30)
    steps = {"x": 1, "y": 2, "z": 3}
    for number in range(30, 60):
        params = {name: 0.75 + 0.0005 * (number * step % 7) for name, step in steps.items()}
        value = two_basins(SPACE, params)
        seen.append(Observation(number=number, params=params, value=value))
    return [Round(number=0, first=0, size=60, box=whole_box(SPACE.parameters))], seen


def test_far_looks_are_far_and_fresh_ones_fill_the_space() -> None:
    rounds, seen = at_the_bottom()
    current = SAMPLER.plan(SPACE, seed=3, budget=200, rounds=rounds, observations=seen)
    model = fit_surrogate(SPACE, seen)
    assert model is not None
    best = min(seen, key=lambda one: one.value or 0.0)
    assert f"Around trial {best.number} " in current.reason
    numbers = range(current.first, current.stop)
    assert set(current.model["looks"]) == {one for one in numbers if one % 2 or one % 8 == 0}
    tried = {number: SAMPLER.propose(SPACE, current, seed=3, number=number) for number in numbers}
    far = OutsideBasin(space=SPACE, model=model, stagnant_best=best)
    assert all(far.among([params for number, params in tried.items() if number % 4 == 3]))
    fresh = [number for number in numbers if number % 4 == 1]
    points = latin_hypercube(SPACE, whole_box(SPACE.parameters), seed=3, numbers=fresh)
    assert [tried[number] for number in fresh] == [SPACE.at(at) for at in points]


def test_looks_elsewhere_stay_in_a_box_drawn_by_hand() -> None:
    rounds, seen = at_the_bottom()
    current = SAMPLER.plan(
        SPACE,
        seed=3,
        budget=200,
        rounds=rounds,
        observations=seen,
        box={"x": (0.6, 0.7)},
        size=8,
    )
    assert "every other trial looks elsewhere" in current.reason
    places = [
        SPACE.encode(SAMPLER.propose(SPACE, current, seed=3, number=number))["x"]
        for number in range(current.first, current.stop)
    ]
    assert min(places) >= 0.6 - 1e-9
    assert max(places) <= 0.7 + 1e-9


def test_a_search_leaves_the_wrong_basin(monkeypatch: pytest.MonkeyPatch) -> None:
    def ends(seed: int) -> float:
        _, seen = search(
            SAMPLER,
            SPACE,
            seed=seed,
            budget=200,
            objective=two_basins,
        )
        return min(one.value for one in seen if one.value is not None)

    leaving = [ends(seed) for seed in (0, 1, 4)]
    monkeypatch.setattr(bottoms, "stagnant_best", lambda seen, **_: None)
    staying = [ends(seed) for seed in (0, 1, 4)]
    assert min(leaving) < -0.1
    assert min(staying) > -0.05
