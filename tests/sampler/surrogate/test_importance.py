import json
from typing import Any

import numpy as np
import pytest

from caviar.sampler import Observation, SearchSpace, importance
from caviar.sampler.surrogate.importance import SETTINGS
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
    found: list[Any] = []
    for seed in range(10):
        luck = iter(np.random.default_rng(seed).random(80).tolist())
        seen = random_search(space, lambda _, __, luck=luck: next(luck), seed=seed, count=80)
        found.append(importance(space, seen))
    # Now and then luck looks like an effect of something, but seldom.
    assert sum(one["noise"] > 0.5 for one in found) >= 9


def test_too_few_trials_say_nothing() -> None:
    space = network_space()
    seen = random_search(space, loss, seed=1, count=9)
    lost = [Observation(number=9, params=seen[0].params, value=None, state="failed")]
    assert importance(space, [*seen, *lost]) is None


@pytest.mark.parametrize("asked", [0, 1], ids=["no condition", "all on one"])
def test_of_a_wide_space_no_more_is_decoded_than_must_be(
    monkeypatch: pytest.MonkeyPatch, asked: int
) -> None:
    on_one = {"when": {"x40": {"at_least": 0.1}}} if asked else {}
    spec = {f"x{place}": {**UNIT, **on_one} for place in range(40)} | {"x40": UNIT}
    space = SearchSpace.from_dict(spec)
    seen = random_search(space, lambda _, params: params.get("x7", 0.5), seed=1, count=30)
    decoded: list[int] = []
    decode = SearchSpace.decode
    monkeypatch.setattr(
        SearchSpace, "decode", lambda self, units: (decoded.append(1), decode(self, units))[1]
    )
    found: Any = importance(space, seen)
    assert max(found["parameters"], key=lambda name: found["parameters"][name]["share"]) == "x7"
    assert len(decoded) == (2 + asked) * SETTINGS


def test_a_condition_on_what_is_drawn_anew_is_heeded() -> None:
    spec = {
        "mode": {"type": "categorical", "choices": ["a", "b"]},
        "x": {**UNIT, "when": {"mode": ["b"]}},
    }
    space = SearchSpace.from_dict(spec)
    seen = random_search(space, lambda _, params: params.get("x", 0.5), seed=1, count=60)
    found: Any = importance(space, seen)
    shares = {name: one["share"] for name, one in found["parameters"].items()}
    assert shares["x"] > shares["mode"] > 0.0
