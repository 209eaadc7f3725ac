import json
from typing import Any

import numpy as np
import pytest

from caviar.sampler import Observation, SearchSpace, importance
from caviar.sampler.surrogate.importance import DRAWN_SETTINGS
from tests.sampler.spaces import loss, network_space, random_search

UNIT = {"type": "float", "low": 0, "high": 1}


def test_the_relevant_parameter_has_the_largest_share() -> None:
    space = network_space()
    table: Any = importance(space, random_search(space, loss, seed=1, count=100))
    shares = {name: entry["share"] for name, entry in table["parameters"].items()}
    assert max(shares, key=lambda name: shares[name]) == "learning_rate"
    assert shares["batch_size"] < 0.05
    assert sum(shares.values()) + table["noise"] == pytest.approx(1.0)
    assert sum(table["priorities"].values()) + table["noise"] == pytest.approx(1.0)
    assert list(table["priorities"]) == ["1", "2", "3"]
    assert table["trials"] == 100
    assert json.loads(json.dumps(table)) == table


def test_pure_noise_is_attributed_to_noise() -> None:
    space = SearchSpace.from_dict({"x": UNIT, "y": UNIT})
    table: list[Any] = []
    for seed in range(10):
        noise = iter(np.random.default_rng(seed).random(80).tolist())
        trials = random_search(space, lambda _, __, noise=noise: next(noise), seed=seed, count=80)
        table.append(importance(space, trials))
    # In few searches noise looks like an effect of a parameter.
    assert sum(entry["noise"] > 0.5 for entry in table) >= 9


def test_too_few_trials_give_no_table() -> None:
    space = network_space()
    trials = random_search(space, loss, seed=1, count=9)
    lost = [Observation(number=9, params=trials[0].params, value=None, state="failed")]
    assert importance(space, [*trials, *lost]) is None


@pytest.mark.parametrize("asked", [0, 1], ids=["no condition", "all on one"])
def test_a_wide_space_decodes_few_settings(monkeypatch: pytest.MonkeyPatch, asked: int) -> None:
    on_one = {"when": {"x40": {"at_least": 0.1}}} if asked else {}
    spec = {f"x{place}": {**UNIT, **on_one} for place in range(40)} | {"x40": UNIT}
    space = SearchSpace.from_dict(spec)
    trials = random_search(space, lambda _, params: params.get("x7", 0.5), seed=1, count=30)
    decoded: list[int] = []
    decode = SearchSpace.decode
    monkeypatch.setattr(
        SearchSpace, "decode", lambda self, units: (decoded.append(1), decode(self, units))[1]
    )
    table: Any = importance(space, trials)
    assert max(table["parameters"], key=lambda name: table["parameters"][name]["share"]) == "x7"
    assert len(decoded) == (2 + asked) * DRAWN_SETTINGS


def test_redrawing_a_parent_redraws_its_children() -> None:
    spec = {
        "mode": {"type": "categorical", "choices": ["a", "b"]},
        "x": {**UNIT, "when": {"mode": ["b"]}},
    }
    space = SearchSpace.from_dict(spec)
    trials = random_search(space, lambda _, params: params.get("x", 0.5), seed=1, count=60)
    table: Any = importance(space, trials)
    shares = {name: entry["share"] for name, entry in table["parameters"].items()}
    assert shares["x"] > shares["mode"] > 0.0
