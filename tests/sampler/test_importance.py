import json
from typing import Any

import pytest

from sampler import Observation, SearchSpace, importance
from tests.sampler.spaces import loss, network_space, random_search

UNIT = {"type": "float", "low": 0, "high": 1}


def test_what_matters_has_the_largest_share() -> None:
    space = network_space()
    found: Any = importance(space, random_search(space, loss, seed=1, count=100))
    shares = {name: one["share"] for name, one in found["parameters"].items()}
    assert max(shares, key=lambda name: shares[name]) == "learning_rate"
    assert shares["batch_size"] < 0.05
    assert sum(shares.values()) + found["noise"] == pytest.approx(1.0)
    assert sum(found["priorities"].values()) + found["noise"] == pytest.approx(1.0)
    assert list(found["priorities"]) == ["1", "2", "3"]
    assert found["trials"] == 100
    assert json.loads(json.dumps(found)) == found


def test_noise_alone_is_called_noise() -> None:
    space = SearchSpace.from_dict({"x": UNIT, "y": UNIT})
    seen = random_search(
        space, lambda _, params: hash((1, *params.values())) % 1000, seed=1, count=80
    )
    found: Any = importance(space, seen)
    assert found["noise"] > 0.5


def test_too_few_trials_say_nothing() -> None:
    space = network_space()
    seen = random_search(space, loss, seed=1, count=9)
    lost = [Observation(number=9, params=seen[0].params, value=None, state="failed")]
    assert importance(space, [*seen, *lost]) is None
