import math

import numpy as np
import pytest

from caviar.engine.optim.optimizers import OPTIMIZERS
from caviar.engine.recipe import Recipe
from tests.engine.cases import recipe

STEPS = 5


def by_formula(read: Recipe, start: float, gradients: np.ndarray) -> float:
    """The optimizer on one parameter, by its formula."""
    w, v, s = start, 0.0, 0.0
    for t, g in enumerate(gradients, start=1):
        if read.optimizer == "gd":
            w -= read.learning_rate * g
        elif read.optimizer == "momentum":
            v = read.momentum * v + (1 - read.momentum) * g
            w -= read.learning_rate * v
        elif read.optimizer == "rmsprop":
            s = read.rms_decay * s + (1 - read.rms_decay) * g**2
            w -= read.learning_rate * g / (math.sqrt(s) + read.epsilon)
        else:
            v = read.beta1 * v + (1 - read.beta1) * g
            s = read.beta2 * s + (1 - read.beta2) * g**2
            v_hat, s_hat = v / (1 - read.beta1**t), s / (1 - read.beta2**t)
            w -= read.learning_rate * v_hat / (math.sqrt(s_hat) + read.epsilon)
    return w


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_follow_the_formula_in_every_lane(name: str) -> None:
    optimizer = OPTIMIZERS[name]
    recipes = [
        recipe(
            optimizer=name,
            learning_rate=0.1 * lane,
            momentum=0.9 / lane,
            rms_decay=0.8 / lane,
            beta1=0.7 / lane,
            beta2=0.99 / lane,
            epsilon=1e-3 * lane,
        )
        for lane in (1, 2, 3)
    ]
    generator = np.random.default_rng(0)
    start = generator.standard_normal((3, 4))
    gradients = generator.standard_normal((STEPS, 3, 4))
    parameters, scratch = start.copy(), np.empty((3, 4))
    slots = tuple(np.zeros((3, 4)) for _ in optimizer.slots)
    rates = np.array([read.learning_rate for read in recipes])
    columns = [
        np.broadcast_to(column, (STEPS, 3))
        for column in optimizer.coefficients(recipes, rates, [1, 1, 1], STEPS)
    ]
    for step in range(STEPS):
        current = tuple(column[step][:, None] for column in columns)
        optimizer.update(parameters, gradients[step].copy(), slots, current, scratch)
    expected = [
        [by_formula(recipes[lane], start[lane, i], gradients[:, lane, i]) for i in range(4)]
        for lane in range(3)
    ]
    np.testing.assert_allclose(parameters, expected, rtol=1e-12)


def test_coefficients_continue_from_any_step() -> None:
    adam, read, rates = OPTIMIZERS["adam"], recipe(), np.array([0.01])
    whole = adam.coefficients([read], rates, [1], 8)
    rest = adam.coefficients([read], rates, [6], 3)
    np.testing.assert_array_equal(whole[0][5:], rest[0])
    np.testing.assert_array_equal(whole[3][5:], rest[3])
