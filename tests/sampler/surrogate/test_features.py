"""Features of settings, and of points of the unit cube."""

import numpy as np
import pytest

from caviar.sampler import SearchSpace
from caviar.sampler.surrogate.features import features, features_at, metric
from tests.sampler.spaces import network_space

EVERYTHING = SearchSpace.from_dict(
    {
        "layers": {"type": "int", "low": 1, "high": 3},
        "units": {"type": "int", "low": 4, "high": 64, "scale": "log", "when": {"layers": [2, 3]}},
        "kind": {"type": "categorical", "choices": ["a", "b", 3], "when": {"rate": {"at_most": 2}}},
        "flag": {"type": "bool", "when": {"kind": ["a", 3], "layers": {"at_least": 2}}},
        "size": {"type": "categorical", "choices": ["s", "m", "l"], "ordered": True},
        "rate": {"type": "float", "low": 1, "high": 4, "step": 0.5},
        "only": {"type": "float", "low": 0.3, "high": 0.3},
        "fixed": {"type": "constant", "value": 7},
        "momentum": {"type": "float", "low": 0.9, "high": 0.999, "scale": "reverse_log"},
        "nested": {"type": "float", "low": 0, "high": 1, "when": {"momentum": {"at_least": 0.99}}},
    }
)


@pytest.mark.parametrize("space", [EVERYTHING, network_space()])
def test_features_of_points_and_of_settings_agree(space: SearchSpace) -> None:
    inside = np.random.default_rng(1).random((200, len(space.parameters)))
    units = np.concatenate([inside, inside.round()])
    settings = [space.at(point) for point in units.tolist()]
    rows = features_at(space, units)
    assert rows == pytest.approx(features(space, settings), abs=1e-12)
    assert rows.shape == (400, len(metric(space).owner))


def test_inactive_parameters_are_in_the_middle() -> None:
    space = network_space()
    params = {"learning_rate": 1e-4, "hidden_units": 8, "hidden_layers": 1, "batch_size": 16}
    [adam] = features(space, [{**params, "optimizer": "adam"}]).tolist()
    assert adam[:2] == [0.0, 0.5]
    assert adam[-2:] == pytest.approx([0.0, 0.5**0.5])
