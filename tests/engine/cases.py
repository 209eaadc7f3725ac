"""Small data sets and lanes that the tests share."""

import numpy as np

from caviar.engine.data.datasets import Dataset, make_dataset
from caviar.engine.population.lanes import Lane
from caviar.engine.recipe import Recipe, read_recipe

OPTIMIZERS: list[dict[str, object]] = [
    {"optimizer": "gd"},
    {"optimizer": "momentum", "momentum": 0.95},
    {"optimizer": "rmsprop", "learning_rate": 0.003},
    {"optimizer": "adam", "beta1": 0.85},
    {"optimizer": "adam", "decay": "exponential", "decay_rate": 0.9},
]


def make_clouds(*, features: int, classes: int, examples: int) -> Dataset:
    """Overlapping normal clouds, one for each class."""
    generator = np.random.default_rng(features + classes)
    labels = np.arange(examples) % classes
    centres = generator.standard_normal((classes, features))
    values = centres[labels] + generator.standard_normal((examples, features))
    return make_dataset("clouds", values, labels, seed=0)


def make_regression(*, features: int, examples: int) -> Dataset:
    """A nonlinear function with a little noise, in units of its own."""
    generator = np.random.default_rng(features)
    values = generator.standard_normal((examples, features))
    targets = 50 + 20 * np.tanh(values @ generator.standard_normal(features))
    targets += generator.standard_normal(examples)
    return make_dataset("nonlinear", values, targets, seed=0, regression=True)


def lane(number: int, **params: object) -> Lane:
    return Lane(number=number, recipe=read_recipe(params))


def mixed_lanes(count: int, *, ragged: bool = False, **shape: object) -> list[Lane]:
    """Lanes of one compatibility key that differ in hyperparameters other than the given ones.

    Only with `ragged` do they differ in widths, batch size, batch norm and dropout.
    """
    lanes = []
    for number in range(count):
        params: dict[str, object] = {
            "learning_rate": 0.001 * (1 + number % 7),
            "l2": 0.3 * (number % 3),
            "initialization": ("he", "xavier", "random")[number % 3],
            "initialization_scale": 0.5,
        }
        params |= OPTIMIZERS[number % len(OPTIMIZERS)]
        if ragged:
            params |= {
                "hidden_units_1": 3 + number % 4,
                "hidden_units_2": 2 + number % 3,
                "batch_size": 7 + number % 5,
                "batch_norm": number % 3 == 1,
                "keep_prob": (1.0, 0.8, 0.5)[number % 3 if number % 2 else 0],
            }
        lanes.append(lane(number, **shape, **params))
    return lanes


def recipe(**params: object) -> Recipe:
    return read_recipe(params)
