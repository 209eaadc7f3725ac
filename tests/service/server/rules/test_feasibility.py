"""Definitions that no network can be trained by are refused when the study is created."""

from __future__ import annotations

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import Invalid
from tests.factories.studies import network

FAILING_SPACES = {
    "hidden_units_2": {
        "hidden_layers": {"type": "int", "low": 1, "high": 3},
        "hidden_units_1": {"type": "int", "low": 4, "high": 8},
        "hidden_units_2": {"type": "int", "low": 4, "high": 8, "when": {"hidden_layers": [3]}},
        "hidden_units_3": {"type": "int", "low": 4, "high": 8, "when": {"hidden_layers": [3]}},
    },
    "hidden_units": {
        "activation": {"type": "categorical", "choices": ["relu", "tanh", "sigmoid"]},
        "optimizer": {"type": "categorical", "choices": ["adam", "gd", "momentum"]},
        "hidden_units": {"type": "int", "low": 4, "high": 8, "when": {"activation": ["tanh"]}},
        "hidden_units_1": {"type": "int", "low": 4, "high": 8, "when": {"optimizer": ["gd"]}},
    },
    "hidden_units_1": {
        "batch_size": {"type": "int", "low": 16, "high": 256},
        "learning_rate": {"type": "float", "low": 1e-4, "high": 1.0, "scale": "log"},
        "hidden_units": {
            "type": "int",
            "low": 4,
            "high": 8,
            "when": {"batch_size": {"at_least": 64}},
        },
        "hidden_units_1": {
            "type": "int",
            "low": 4,
            "high": 8,
            "when": {"learning_rate": {"at_most": 0.01}},
        },
    },
    "decay_rate": {
        "decay": {"type": "categorical", "choices": ["none", "cosine"]},
        "l2": {"type": "categorical", "choices": [n / 100 for n in range(60)]},
        "batch_size": {"type": "categorical", "choices": list(range(16, 76))},
        "decay_rate": {
            "type": "float",
            "low": 2.0,
            "high": 3.0,
            "when": {"decay": ["cosine"]},
        },
    },
    "decay": {
        "optimizer": {"type": "categorical", "choices": ["adam", "momentum", "gd"]},
        "activation": {
            "type": "categorical",
            "choices": ["relu", "tanh"],
            "when": {"optimizer": ["momentum"]},
        },
        "decay": {
            "type": "categorical",
            "choices": ["linear", "none"],
            "when": {"activation": ["tanh"]},
        },
    },
}


@pytest.mark.parametrize("name", FAILING_SPACES)
def test_a_space_with_settings_that_no_network_can_have_is_refused(
    client: Client, name: str
) -> None:
    definition = network(space=FAILING_SPACES[name])
    definition["objective"]["settings"] = {}
    with pytest.raises(Invalid, match=rf"space\.{name}"):
        client.create_study(definition)


def test_a_network_of_billions_of_weights_is_refused(client: Client) -> None:
    definition = network(
        space={
            "hidden_units": {"type": "int", "low": 16000, "high": 16384},
            "hidden_layers": {"type": "int", "low": 19, "high": 20},
        }
    )
    definition["objective"]["settings"] = {}
    with pytest.raises(Invalid, match="weights"):
        client.create_study(definition)
