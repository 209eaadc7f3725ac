import math
from dataclasses import replace

import numpy as np

from caviar.sampler import Observation, SearchSpace
from caviar.sampler.ranking import ranked
from caviar.sampler.surrogate.features import features
from caviar.sampler.surrogate.incumbents import incumbents
from caviar.sampler.surrogate.surrogate import MAX_FIT_TRIALS, fit_surrogate

SPACE = SearchSpace.from_dict(
    {name: {"type": "float", "low": 0.0, "high": 1.0} for name in ("x", "y")}
)


def noisy_bowl() -> list[Observation]:
    """A bowl with some noise, and one lucky trial in a poor region."""
    rng = np.random.default_rng(1)
    near_corner = 0.9 + 0.1 * rng.random((12, 2))
    points = np.concatenate([rng.random((50, 2)), near_corner])
    values = ((points - 0.5) ** 2).sum(1) + 0.02 * rng.normal(size=len(points))
    values[-1] = values.min() - 0.01
    return [
        Observation(number=n, params={"x": x, "y": y}, value=value)
        for n, ((x, y), value) in enumerate(zip(points.tolist(), values.tolist(), strict=True))
    ]


def test_a_lucky_trial_among_poor_ones_is_no_incumbent() -> None:
    trials = noisy_bowl()
    surrogate = fit_surrogate(SPACE, trials)
    assert surrogate is not None
    chosen = incumbents(surrogate, SPACE, ranked(trials), count=8)
    assert len(chosen) == 8
    assert trials[-1] not in chosen
    places = features(SPACE, [trial.params for trial in chosen])
    assert np.linalg.norm(places - 0.5, axis=1).max() < 0.3
    assert incumbents(surrogate, SPACE, ranked(trials[::-1]), count=8) == chosen


def test_only_trials_with_a_value_are_incumbents_and_ties_go_by_number() -> None:
    trials = noisy_bowl()
    surrogate = fit_surrogate(SPACE, trials)
    assert surrogate is not None
    [first] = incumbents(surrogate, SPACE, ranked(trials), count=1)
    twin = replace(first, number=99)
    lost = [replace(first, number=100 + n, value=value) for n, value in enumerate((None, math.nan))]
    assert incumbents(surrogate, SPACE, ranked([*lost, twin, *trials]), count=2) == [first, twin]
    assert len(incumbents(surrogate, SPACE, ranked([*lost, twin]), count=5)) == 1


def test_only_the_best_of_a_long_history_are_considered() -> None:
    trials = noisy_bowl()
    surrogate = fit_surrogate(SPACE, trials)
    assert surrogate is not None
    poor = [replace(trial, number=100 + n, value=5.0 + n) for n, trial in enumerate(trials * 4)]
    liked = incumbents(surrogate, SPACE, ranked([*poor, *trials]), count=MAX_FIT_TRIALS + 1)
    assert len(liked) == MAX_FIT_TRIALS
    numbers = {trial.number for trial in liked}
    assert numbers == {trial.number for trial in [*trials, *poor[: MAX_FIT_TRIALS - len(trials)]]}
