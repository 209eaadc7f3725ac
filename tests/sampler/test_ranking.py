"""Who comes before whom."""

import math
import random

from caviar.sampler import Observation
from caviar.sampler.ranking import ranked, value_of, with_value


def test_best_first_and_ties_go_to_the_lower_number() -> None:
    seen = [Observation(number=n, params={}, value=n % 3) for n in range(-3, 9)]
    random.Random(1).shuffle(seen)
    found = [(one.value, one.number) for one in ranked(seen)]
    assert found == sorted(found)
    assert len(found) == len(seen)


def test_only_a_finite_value_counts() -> None:
    values = [None, math.nan, 1, -math.inf, 0.5, math.inf]
    seen = [Observation(number=n, params={}, value=value) for n, value in enumerate(values)]
    assert [one.number for one in with_value(seen)] == [2, 4]
    assert [one.number for one in ranked(seen)] == [4, 2]
    assert [value_of(one) for one in seen] == [math.inf, math.inf, 1, math.inf, 0.5, math.inf]
