"""The searches behind the tables of real networks: spaces, data sets and epochs."""

from dataclasses import dataclass, field
from typing import Any

from benchmarks.problems.problem import CLIMBS

LEARNING_RATE = {"type": "float", "low": 0.0001, "high": 1.0, "scale": "log"}
MOMENTUM = {
    "type": "float",
    "low": 0.9,
    "high": 0.999,
    "scale": "reverse_log",
    "when": {"optimizer": ["momentum"]},
}
L2 = {"type": "float", "low": 0.001, "high": 100.0, "scale": "log"}


@dataclass(frozen=True, kw_only=True)
class Search:
    """The search whose trials fill one table."""

    name: str
    dataset: str
    epochs: int
    space: dict[str, dict[str, Any]]
    settings: dict[str, Any] = field(default_factory=dict)
    climbs: int = CLIMBS


def _units(low: int, high: int) -> dict[str, Any]:
    return {"type": "int", "low": low, "high": high, "scale": "log"}


def _batch(low: int, high: int) -> dict[str, Any]:
    return {"type": "int", "low": low, "high": high, "scale": "log", "base": 2}


def _one_of(*choices: str) -> dict[str, Any]:
    return {"type": "categorical", "choices": list(choices)}


def _layers(high: int) -> dict[str, Any]:
    return {"type": "int", "low": 1, "high": high}


SEARCHES = [
    Search(
        name="digits",
        dataset="digits",
        epochs=10,
        space={
            "learning_rate": LEARNING_RATE,
            "momentum": MOMENTUM,
            "hidden_units": _units(8, 96),
            "hidden_layers": _layers(3),
            "batch_size": _batch(16, 256),
            "optimizer": _one_of("momentum", "adam"),
        },
    ),
    Search(
        name="digits_activations",
        dataset="digits",
        epochs=8,
        space={
            "learning_rate": LEARNING_RATE,
            "momentum": MOMENTUM,
            "hidden_units": _units(4, 64),
            "l2": L2,
            "activation": _one_of("relu", "tanh", "sigmoid"),
            "optimizer": _one_of("gd", "momentum", "rmsprop", "adam"),
        },
        settings={"batch_size": 64, "hidden_layers": 2},
    ),
    Search(
        name="breast_cancer",
        dataset="breast_cancer",
        epochs=15,
        space={
            "learning_rate": LEARNING_RATE,
            "momentum": {**MOMENTUM, "low": 0.5, "when": {"optimizer": ["momentum"]}},
            "hidden_units": _units(4, 64),
            "batch_size": _batch(8, 128),
            "l2": L2,
            "optimizer": _one_of("gd", "momentum", "rmsprop", "adam"),
        },
    ),
    Search(
        name="breast_cancer_decay",
        dataset="breast_cancer",
        epochs=12,
        space={
            "learning_rate": LEARNING_RATE,
            "beta1": {"type": "float", "low": 0.5, "high": 0.99, "scale": "reverse_log"},
            "beta2": {"type": "float", "low": 0.9, "high": 0.9999, "scale": "reverse_log"},
            "hidden_units": _units(2, 64),
            "hidden_layers": _layers(3),
            "decay": _one_of("none", "inverse_time", "exponential"),
        },
        settings={"optimizer": "adam", "batch_size": 32},
    ),
    Search(
        name="wine",
        dataset="wine",
        epochs=20,
        space={
            "learning_rate": LEARNING_RATE,
            "momentum": {"type": "float", "low": 0.5, "high": 0.99, "scale": "reverse_log"},
            "hidden_units": _units(4, 64),
            "batch_size": _batch(4, 64),
            "l2": L2,
        },
        settings={"optimizer": "momentum"},
    ),
    Search(
        name="wine_deep",
        dataset="wine",
        epochs=15,
        space={
            "learning_rate": LEARNING_RATE,
            "hidden_layers": _layers(4),
            "hidden_units": _units(2, 48),
            "batch_size": _batch(4, 64),
            "l2": L2,
            "activation": _one_of("relu", "leaky_relu", "tanh"),
        },
        settings={"optimizer": "rmsprop"},
    ),
    Search(
        name="moons",
        dataset="moons",
        epochs=40,
        space={
            "learning_rate": LEARNING_RATE,
            "hidden_units": _units(2, 48),
            "hidden_layers": _layers(3),
            "batch_size": _batch(8, 128),
            "l2": {**L2, "high": 10.0},
            "activation": _one_of("relu", "tanh"),
        },
        settings={"optimizer": "adam"},
    ),
    Search(
        name="moons_momentum",
        dataset="moons",
        epochs=30,
        space={
            "learning_rate": LEARNING_RATE,
            "momentum": {**MOMENTUM, "low": 0.5, "high": 0.999},
            "hidden_units": _units(2, 48),
            "hidden_layers": _layers(3),
            "batch_size": _batch(8, 128),
            "optimizer": _one_of("gd", "momentum", "adam"),
        },
        settings={"activation": "tanh"},
    ),
    Search(
        name="circles",
        dataset="circles",
        epochs=30,
        space={
            "learning_rate": LEARNING_RATE,
            "hidden_units": _units(2, 32),
            "hidden_layers": _layers(3),
            "batch_size": _batch(8, 128),
            "keep_prob": {"type": "float", "low": 0.5, "high": 1.0},
            "activation": _one_of("relu", "tanh", "sigmoid"),
            "optimizer": _one_of("rmsprop", "adam"),
        },
    ),
    Search(
        name="diabetes",
        dataset="diabetes",
        epochs=20,
        space={
            "learning_rate": LEARNING_RATE,
            "momentum": {**MOMENTUM, "low": 0.5, "high": 0.99},
            "hidden_units": _units(4, 64),
            "batch_size": _batch(8, 128),
            "l2": L2,
            "batch_norm": {"type": "bool"},
            "optimizer": _one_of("gd", "momentum", "adam"),
        },
    ),
    Search(
        name="digits_deep",
        dataset="digits",
        epochs=8,
        space={
            "learning_rate": LEARNING_RATE,
            "hidden_layers": {"type": "int", "low": 2, "high": 5},
            "hidden_units": _units(8, 48),
            "batch_norm": {"type": "bool"},
            "keep_prob": {"type": "float", "low": 0.5, "high": 1.0},
            "initialization": _one_of("random", "xavier", "he"),
            "activation": _one_of("relu", "leaky_relu", "tanh", "sigmoid"),
            "batch_size": _batch(16, 128),
        },
        settings={"optimizer": "adam"},
    ),
    Search(
        name="diabetes_rules",
        dataset="diabetes",
        epochs=20,
        space={
            "learning_rate": {**LEARNING_RATE, "low": 0.00001},
            "optimizer": _one_of("momentum", "rmsprop", "adam"),
            "momentum": {**MOMENTUM, "low": 0.5},
            "rms_decay": {**MOMENTUM, "low": 0.5, "when": {"optimizer": ["rmsprop"]}},
            "beta1": {**MOMENTUM, "low": 0.5, "when": {"optimizer": ["adam"]}},
            "decay": _one_of("none", "inverse_sqrt", "exponential"),
            "hidden_layers": _layers(4),
            "hidden_units": _units(2, 64),
            "keep_prob": {"type": "float", "low": 0.4, "high": 1.0},
            "l2": L2,
        },
        settings={"batch_size": 32, "activation": "tanh", "initialization": "xavier"},
    ),
    Search(
        name="spirals_widths",
        dataset="spirals",
        epochs=40,
        climbs=2 * CLIMBS,
        space={
            "learning_rate": LEARNING_RATE,
            "hidden_layers": _layers(4),
            "hidden_units_1": _units(3, 64),
            **{
                f"hidden_units_{layer}": {
                    **_units(3, 64),
                    "when": {"hidden_layers": {"at_least": layer}},
                }
                for layer in (2, 3, 4)
            },
            "activation": {**_one_of("relu", "leaky_relu", "tanh"), "priority": 2},
            "batch_size": _batch(8, 256),
        },
        settings={"optimizer": "adam"},
    ),
    Search(
        name="springs_decay",
        dataset="springs",
        epochs=24,
        space={
            "learning_rate": {**LEARNING_RATE, "high": 3.0},
            "momentum": {"type": "float", "low": 0.0, "high": 0.995, "scale": "reverse_log"},
            "decay": _one_of("none", "staircase", "cosine", "exponential"),
            "decay_rate": {
                "type": "float",
                "low": 0.4,
                "high": 0.99,
                "scale": "reverse_log",
                "when": {"decay": ["staircase", "exponential"]},
            },
            "hidden_units": _units(4, 80),
            "hidden_layers": _layers(3),
            "batch_norm": {"type": "bool"},
        },
        settings={
            "optimizer": "momentum",
            "batch_size": 16,
            "activation": "tanh",
            "initialization": "xavier",
            "decay_every": 20,
        },
    ),
    Search(
        name="parity_regular",
        dataset="parity",
        epochs=12,
        space={
            "learning_rate": {**LEARNING_RATE, "low": 0.00001, "high": 0.3},
            "rms_decay": {"type": "float", "low": 0.5, "high": 0.9999, "scale": "reverse_log"},
            "epsilon": {"type": "float", "low": 1e-9, "high": 1.0, "scale": "log"},
            "hidden_units": {"type": "int", "low": 8, "high": 64, "step": 4},
            "keep_prob": {"type": "float", "low": 0.3, "high": 1.0, "step": 0.05},
            "l2": L2,
            "initialization": _one_of("random", "he"),
            "initialization_scale": {
                "type": "float",
                "low": 0.0001,
                "high": 1.0,
                "scale": "log",
                "when": {"initialization": ["random"]},
            },
        },
        settings={"optimizer": "rmsprop", "batch_size": 64, "hidden_layers": 2},
    ),
]
