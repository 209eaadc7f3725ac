"""The order of observations."""

import math
import random

from caviar.sampler import Observation
from caviar.sampler.ranking import ranked, value_of, with_value


def test_ranked_is_best_first_and_ties_go_to_the_lower_number() -> None:
    trials = [Observation(number=n, params={}, value=n % 3) for n in range(-3, 9)]
    random.Random(1).shuffle(trials)
    order = [(trial.value, trial.number) for trial in ranked(trials)]
    assert order == sorted(order)
    assert len(order) == len(trials)


def test_only_a_finite_value_counts() -> None:
    values = [None, math.nan, 1, -math.inf, 0.5, math.inf]
    trials = [Observation(number=n, params={}, value=value) for n, value in enumerate(values)]
    assert [trial.number for trial in with_value(trials)] == [2, 4]
    assert [trial.number for trial in ranked(trials)] == [4, 2]
    assert [value_of(trial) for trial in trials] == [math.inf, math.inf, 1, math.inf, 0.5, math.inf]
