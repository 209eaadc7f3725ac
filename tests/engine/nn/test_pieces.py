"""The pieces of a network: each is the formula, and the engine's own code."""

import doctest
import inspect
import sys
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest

from caviar.engine import nn, trained
from caviar.engine.data.datasets import make_dataset
from caviar.engine.draws import dropout_words
from caviar.engine.layers.dropout import fill_factors
from caviar.engine.nn import (
    activations,
    examples,
    gradients,
    layers,
    losses,
    optimizers,
    schedules,
    weights,
)
from caviar.engine.optim import averages
from caviar.engine.population.lanes import Lane, initial_state
from caviar.engine.recipe import Recipe, RecipeError
from tests.engine.cases import make_clouds, recipe
from tests.engine.optim.test_optimizers import by_formula

DOCUMENTED = [
    activations, averages, examples, gradients, layers, losses, optimizers, schedules, trained,
    weights, sys.modules["caviar.engine.gradient_check"],
]  # fmt: skip
FUNCTIONS = [value for value in vars(nn).values() if inspect.isfunction(value)]


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("module", DOCUMENTED, ids=lambda module: module.__name__)
def test_the_examples_in_docstrings_are_right(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_every_function_has_an_example(function: Callable[..., object]) -> None:
    assert ">>> " in (function.__doc__ or "")


def test_all_pieces_are_public() -> None:
    from caviar import nn as public

    assert public.__all__ == nn.__all__ == sorted(nn.__all__)
    assert all(getattr(public, name) is getattr(nn, name) for name in nn.__all__)
    assert {function.__name__ for function in FUNCTIONS} <= set(nn.__all__)


@pytest.mark.parametrize("name", ["zeros", "random", "xavier", "he"])
def test_weights_are_those_of_trial_0(name: str) -> None:
    read = recipe(initialization=name, hidden_units=5, initialization_scale=0.3)
    shape = read.shape(make_clouds(features=3, classes=4, examples=40))
    state = initial_state(Lane(number=0, recipe=read), shape, seed=7)
    options = {"zeros": {}, "random": {"scale": 0.3, "seed": 7}}.get(name, {"seed": 7})
    for layer, (inputs, outputs) in enumerate([(3, 5), (5, 4)]):
        more = {} if name == "zeros" else {"layer": layer}
        drawn = getattr(nn, name)(inputs, outputs, **options, **more)
        expected = shape.blocks[layer].weights(state.parameters)
        np.testing.assert_array_equal(drawn.astype(np.float32), expected)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "tanh", "sigmoid"])
@pytest.mark.parametrize("shape", [(), (4,), (2, 3, 2)])
def test_derivatives_agree_with_differences(name: str, shape: tuple[int, ...]) -> None:
    function, derivative = getattr(nn, name), getattr(nn, f"{name}_derivative")
    z = draw(*shape) + 0.1
    estimate = (function(z + 1e-6) - function(z - 1e-6)) / 2e-6
    assert function(z).shape == derivative(z).shape == shape
    np.testing.assert_allclose(derivative(z), estimate, atol=1e-8)


def test_softmax_along_any_axis() -> None:
    logits = 5 * draw(3, 4, 2)
    for axis in (0, 1, -1):
        expected = np.exp(logits) / np.exp(logits).sum(axis=axis, keepdims=True)
        np.testing.assert_allclose(nn.softmax(logits, axis=axis), expected)
    assert nn.softmax([1e4, 0.0]).tolist() == [1.0, 0.0]


LABELS = np.array([0, 2, 1, 1, 0])
LOSSES: dict[str, tuple[tuple[int, ...], np.ndarray]] = {
    "softmax_cross_entropy": ((5, 3), LABELS),
    "binary_cross_entropy": ((5,), LABELS % 2),
    "half_squared_error": ((5,), draw(5, seed=1)),
}


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_of_losses_agree_with_differences(name: str) -> None:
    shape, targets = LOSSES[name]
    loss, gradient = getattr(nn, name), getattr(nn, f"{name}_gradient")
    logits = draw(*shape)
    assert loss(logits, targets).shape == (5,)
    estimate = nn.numerical_gradient(lambda z: loss(z, targets).sum(), logits)
    assert nn.relative_difference(gradient(logits, targets), estimate) < 1e-7


def test_a_dense_layer_and_its_gradients() -> None:
    inputs, matrix, biases, slope = draw(6, 3), draw(4, 3), draw(4), draw(6, 4)
    np.testing.assert_allclose(nn.dense(inputs, matrix, biases), inputs @ matrix.T + biases)
    found = nn.dense_gradients(slope, inputs, matrix)
    operands = {"inputs": inputs, "weights": matrix, "biases": biases}
    for name, start in operands.items():
        estimate = nn.numerical_gradient(
            lambda values, name=name: (slope * nn.dense(**{**operands, name: values})).sum(), start
        )
        assert nn.relative_difference(getattr(found, name), estimate) < 1e-7


def test_batch_norm_and_its_gradients() -> None:
    inputs, gamma, beta, slope = 3 + 2 * draw(7, 3), draw(3), draw(3, seed=1), draw(7, 3, seed=2)
    norm = nn.batch_norm(inputs, gamma, beta)
    np.testing.assert_allclose(norm.mean, inputs.mean(axis=0))
    np.testing.assert_allclose(norm.variance, inputs.var(axis=0))
    evaluated = nn.batch_norm_evaluate(inputs, gamma, beta, norm.mean, norm.variance)
    np.testing.assert_allclose(evaluated, norm.outputs)
    found = nn.batch_norm_gradients(slope, inputs, gamma)
    operands = {"inputs": inputs, "gamma": gamma, "beta": beta}
    for name, start in operands.items():
        estimate = nn.numerical_gradient(
            lambda v, name=name: (slope * nn.batch_norm(**{**operands, name: v}).outputs).sum(),
            start,
        )
        assert nn.relative_difference(getattr(found, name), estimate) < 1e-6


def test_dropout_has_the_factors_of_trial_0() -> None:
    factors = np.empty((4, 9))
    fill_factors(factors, dropout_words(3, 0, 2), 0.7)
    values = draw(9, 4)
    outputs, found = nn.dropout(values, 0.7, seed=3, epoch=2)
    np.testing.assert_array_equal(found, factors.T)
    np.testing.assert_array_equal(outputs, values * factors.T)
    assert nn.dropout(values, 1.0).outputs.tolist() == values.tolist()


MOMENTUM_STATE = nn.momentum_step([1.0], [1.0])[1]
STEPS = {"momentum": nn.momentum_step, "rmsprop": nn.rmsprop_step, "adam": nn.adam_step}


@pytest.mark.parametrize("name", STEPS)
def test_steps_follow_the_formula_and_leave_what_is_passed_in(name: str) -> None:
    slopes, start = draw(5, 2, 3), draw(2, 3, seed=1)
    read, parameters, state = Recipe(optimizer=name, learning_rate=0.1), start.copy(), None
    for slope in slopes:
        given = parameters.copy(), slope.copy(), state and dict(state.unscaled)
        parameters_before, slope_before, state_before = parameters, slope, state
        parameters, state = STEPS[name](parameters, slope, state, learning_rate=0.1)
        np.testing.assert_array_equal(parameters_before, given[0])
        np.testing.assert_array_equal(slope_before, given[1])
        if state_before is not None:
            for slot, values in given[2].items():
                np.testing.assert_array_equal(state_before.unscaled[slot], values)
    for index in np.ndindex(start.shape):
        expected = by_formula(read, start[index], slopes[:, *index])
        assert parameters[index] == pytest.approx(expected, rel=1e-12)
    assert state.steps == 5


def test_the_averages_are_those_of_the_textbook() -> None:
    slopes, state = draw(4, 3), None
    for slope in slopes:
        _, state = nn.adam_step(np.zeros(3), slope, state, beta1=0.8, beta2=0.9)
    velocity = [nn.smooth(column, 0.8, corrected=False)[-1] for column in slopes.T]
    square = [nn.smooth(column**2, 0.9, corrected=False)[-1] for column in slopes.T]
    np.testing.assert_allclose(state.velocity, velocity)
    np.testing.assert_allclose(state.square, square)
    assert nn.gd_step(np.float32([1]), np.float32([1])).dtype == np.float32


def test_the_parts_are_those_of_a_data_set() -> None:
    features, labels = draw(90, 2), np.array(["b", "a", "c"])[np.arange(90) % 3]
    parts = nn.split(labels, seed=4)
    scaling = nn.fit_scaling(features[parts["training"]])
    dataset = make_dataset("three", features, labels, seed=4)
    for part, rows in parts.items():
        whole = getattr(dataset, part)
        np.testing.assert_array_equal(scaling.features(features[rows]), whole.features)
        assert [dataset.labels[code] for code in whole.targets] == labels[rows].tolist()
    assert sum(map(len, nn.split(draw(50), regression=True).values())) == 50


def test_an_epoch_visits_every_example_once_in_its_own_order() -> None:
    features, labels = np.arange(20).reshape(10, 2), np.arange(10)
    orders = []
    for epoch in (0, 1):
        batches = list(nn.mini_batches(features, labels, 4, seed=2, epoch=epoch))
        assert all((X[:, 0] == 2 * y).all() for X, y in batches)
        orders.append(np.concatenate([y for _, y in batches]).tolist())
    assert sorted(orders[0]) == sorted(orders[1]) == labels.tolist()
    assert orders[0] != orders[1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.softmax_cross_entropy([[0.0, 1.0]], [2]), "from 0 to 1"),
        (lambda: nn.softmax_cross_entropy([[0.0, 1.0]], [0, 1]), r"labels must be an array \(1,\)"),
        (lambda: nn.binary_cross_entropy([[0.0]], [0]), "logits must have 1 dimensions"),
        (lambda: nn.half_squared_error([0.0], [0.0, 1.0]), "outputs and targets"),
        (lambda: nn.dense([[1.0, 2.0]], [[1.0]], [0.0]), r"weights must be \(n_out, 2\)"),
        (lambda: nn.batch_norm([[1.0, 2.0]], [1.0], [0.0]), r"gamma and beta must be \(2,\)"),
        (lambda: nn.relu(["a"]), "z must be numbers"),
        (lambda: nn.he(0, 3), "at least 1"),
        (lambda: nn.adam_step([1.0], [1.0, 2.0]), "parameters and gradient"),
        (lambda: nn.adam_step([1.0], [1.0], MOMENTUM_STATE), "another optimizer"),
        (lambda: nn.mini_batches([[1.0]], [1, 2]), "one row for each example"),
        (lambda: nn.fit_scaling([1.0]), "features must have 2 dimensions"),
        (lambda: nn.split([[1]]), r"targets must be an array \(m,\)"),
        (lambda: nn.relative_difference([1.0], [1.0, 2.0]), "one shape"),
    ],
)
def test_wrong_shapes_are_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "parameter"),
    [
        (lambda: nn.adam_step([1.0], [1.0], beta1=1.0), "beta1"),
        (lambda: nn.dropout([[1.0]], 0.0), "keep_prob"),
        (lambda: nn.learning_rate_at(1, decay="cosine"), "decay_every"),
        (lambda: nn.mini_batches([[1.0]], [1], 0), "batch_size"),
    ],
)
def test_wrong_hyperparameters_are_named(call: Callable[[], object], parameter: str) -> None:
    with pytest.raises(RecipeError) as raised:
        call()
    assert raised.value.parameter == parameter
