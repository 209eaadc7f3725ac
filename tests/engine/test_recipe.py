import math
import pickle
from dataclasses import fields as fields_of
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from caviar.engine.optim.schedules import SCHEDULES
from caviar.engine.recipe import (
    MAX_HIDDEN_LAYERS,
    RULES,
    Recipe,
    RecipeError,
    check_name,
    check_value,
    read_recipe,
)
from tests.engine.cases import make_clouds


def test_all_hyperparameters_have_defaults() -> None:
    assert read_recipe({}) == Recipe()


def test_fields_are_the_names_of_the_rules() -> None:
    assert set(RULES) - {"hidden_layers"} == {field.name for field in fields_of(Recipe)}


@pytest.mark.parametrize(
    ("params", "units"),
    [
        ({}, (32,)),
        ({"hidden_units": 7}, (7,)),
        ({"hidden_layers": 3}, (32, 32, 32)),
        ({"hidden_units": 7, "hidden_layers": 2}, (7, 7)),
        ({"hidden_units": 7, "hidden_layers": 0}, ()),
        ({"hidden_units_1": 7}, (7,)),
        ({"hidden_units_2": 5, "hidden_units_1": 7}, (7, 5)),
        ({"hidden_units_1": 7, "hidden_units_2": 5, "hidden_layers": 1}, (7,)),
        ({"hidden_units_1": 7, "hidden_layers": 0}, ()),
    ],
)
def test_hidden_units(params: dict[str, object], units: tuple[int, ...]) -> None:
    assert read_recipe(params).hidden_units == units


def test_settings_and_params_make_one_recipe() -> None:
    read = read_recipe({"learning_rate": 1, "hidden_layers": 2}, {"hidden_units": 4})
    assert (read.learning_rate, read.hidden_units) == (1.0, (4, 4))
    assert isinstance(read.learning_rate, float)


@pytest.mark.parametrize(
    "unused",
    [
        {"optimizer": "adam", "momentum": 0.5},
        {"optimizer": "gd", "beta1": 0.5, "epsilon": 1e-3},
        {"decay": "none", "decay_rate": 3.0},
        {"initialization": "he", "initialization_scale": 3},
    ],
)
def test_unused_values_are_allowed(unused: dict[str, object]) -> None:
    read_recipe(unused)


@pytest.mark.parametrize(
    ("params", "parameter", "message"),
    [
        ({"learning_rat": 1}, "learning_rat", "did you mean learning_rate?"),
        ({"zzz": 1}, "zzz", "known are learning_rate, optimizer"),
        ({"keep_prob": 0}, "keep_prob", "a number above 0 and at most 1, not 0"),
        ({"keep_prob": 1.1}, "keep_prob", "not 1.1"),
        ({"batch_norm": 1}, "batch_norm", "must be true or false, not 1"),
        ({"batch_norm": "true"}, "batch_norm", "not 'true'"),
        ({"batch_norm_momentum": 1.0}, "batch_norm_momentum", "below 1"),
        ({"hidden_units_0": 4}, "hidden_units_0", "unknown hyperparameter"),
        ({"hidden_units_21": 4}, "hidden_units_21", "unknown hyperparameter"),
        ({"learning_rate": 0}, "learning_rate", "must be a finite number above 0, not 0"),
        ({"learning_rate": "0.1"}, "learning_rate", "not '0.1'"),
        ({"learning_rate": True}, "learning_rate", "not True"),
        ({"learning_rate": None}, "learning_rate", "not None"),
        ({"learning_rate": math.nan}, "learning_rate", "not nan"),
        ({"learning_rate": math.inf}, "learning_rate", "not inf"),
        ({"learning_rate": 10**400}, "learning_rate", "not 1000"),
        ({"momentum": 1}, "momentum", "a number at least 0 and below 1, not 1"),
        ({"momentum": -0.1}, "momentum", "not -0.1"),
        ({"epsilon": 0.0}, "epsilon", "at least 1e-30"),
        ({"l2": -1}, "l2", "at least 0"),
        ({"optimizer": "sgd"}, "optimizer", "one of gd, momentum, rmsprop, adam, not 'sgd'"),
        ({"optimizer": ["adam"]}, "optimizer", "one of gd"),
        ({"activation": 3}, "activation", "one of relu"),
        ({"hidden_units": 0}, "hidden_units", "an integer from 1 to 16384, not 0"),
        ({"hidden_units": 8.0}, "hidden_units", "not 8.0"),
        ({"hidden_units": True}, "hidden_units", "not True"),
        ({"hidden_units": 10**9}, "hidden_units", "not 1000000000"),
        ({"hidden_layers": MAX_HIDDEN_LAYERS + 1}, "hidden_layers", "from 0 to 20"),
        ({"hidden_layers": -1}, "hidden_layers", "not -1"),
        ({"hidden_units_1": 4, "hidden_units_3": 4}, "hidden_units_2", "is missing"),
        ({"hidden_units_1": 4, "hidden_layers": 2}, "hidden_units_2", "is missing"),
        ({"hidden_units": 4, "hidden_units_1": 4}, "hidden_units_1", "with hidden_units"),
        ({"batch_size": 0}, "batch_size", "an integer from 1"),
        ({"decay": "exponential", "decay_rate": 1.5}, "decay_rate", "at most 1"),
        ({"decay": "cosine"}, "decay_every", "must be given with decay cosine"),
    ],
)
def test_mistakes_name_the_parameter(
    params: dict[str, object], parameter: str, message: str
) -> None:
    with pytest.raises(RecipeError) as raised:
        read_recipe(params)
    assert raised.value.parameter == parameter
    assert message in raised.value.message
    assert str(raised.value) == f"{parameter}: {raised.value.message}"


def test_a_name_in_both_mappings_is_refused() -> None:
    with pytest.raises(RecipeError, match="momentum: is given twice"):
        read_recipe({"momentum": 0.9}, {"momentum": 0.9})


def test_settings_are_checked() -> None:
    with pytest.raises(RecipeError, match="decay: must be one of"):
        read_recipe({}, {"decay": "fast"})


def test_a_single_value_can_be_checked() -> None:
    assert check_value("hidden_units_3", 9) == 9
    assert check_name("hidden_units_3") is RULES["hidden_units"]
    with pytest.raises(RecipeError):
        check_value("beta2", 1.0)


def test_shape_follows_from_recipe_and_data_set() -> None:
    dataset = make_clouds(features=3, classes=4, examples=40)
    shape = read_recipe({"hidden_units": 5, "batch_size": 1000}).shape(dataset)
    assert shape.widths == (3, 5, 4)
    assert shape.batch_size == len(dataset.training) == 24
    assert shape.parameters == 3 * 5 + 5 + 5 * 4 + 4
    assert shape == read_recipe({"hidden_units": 5, "batch_size": 24, "l2": 1}).shape(dataset)
    assert shape != read_recipe({"hidden_units": 5, "activation": "tanh"}).shape(dataset)


class TestAdjusted:
    def test_changes_only_the_given_values(self) -> None:
        recipe = read_recipe({"learning_rate": 1, "hidden_units": 9})
        changed = recipe.adjusted({"learning_rate": 0.5, "optimizer": "gd"})
        assert changed == read_recipe({"learning_rate": 0.5, "optimizer": "gd", "hidden_units": 9})

    def test_a_new_schedule_starts_from_its_own_defaults(self) -> None:
        recipe = read_recipe({"decay": "inverse_time", "decay_rate": 7})
        assert recipe.adjusted({"decay": "staircase"}).decay_rate == 0.5
        assert recipe.adjusted({"l2": 1}).decay_rate == 7

    @pytest.mark.parametrize(
        "name",
        [
            "batch_norm",
            "hidden_units",
            "hidden_units_1",
            "activation",
            "initialization",
        ],
    )
    def test_hyperparameters_of_the_shape_cannot_change(self, name: str) -> None:
        with pytest.raises(RecipeError, match=f"{name}: cannot change"):
            Recipe().adjusted({name: 5})

    def test_values_are_checked(self) -> None:
        with pytest.raises(RecipeError, match="decay_rate: must be at most 1"):
            read_recipe({"decay": "exponential"}).adjusted({"decay_rate": 2})
        with pytest.raises(RecipeError, match="did you mean momentum"):
            Recipe().adjusted({"momentun": 2})


class TestWidths:
    @pytest.mark.parametrize(
        ("params", "units"),
        [
            ({"hidden_units": [64, 32]}, (64, 32)),
            ({"hidden_units": (64,)}, (64,)),
            ({"hidden_units": []}, ()),
            ({"hidden_units": np.array([8, 4])}, (8, 4)),
            ({"hidden_units": [64, 32], "hidden_layers": 2}, (64, 32)),
        ],
    )
    def test_a_list_has_a_width_for_each_layer(
        self, params: dict[str, object], units: tuple[int, ...]
    ) -> None:
        assert read_recipe(params).hidden_units == units

    @pytest.mark.parametrize(
        ("params", "parameter", "message"),
        [
            ({"hidden_units": [64, 0]}, "hidden_units", "from 1 to 16384, not 0"),
            ({"hidden_units": [64, True]}, "hidden_units", "not True"),
            ({"hidden_units": [4] * 21}, "hidden_units", "at most 20 widths"),
            ({"hidden_units": [64], "hidden_units_1": 4}, "hidden_units_1", "with hidden_units"),
            ({"hidden_units": [64, 32], "hidden_layers": 3}, "hidden_layers", "must be 2"),
            ({"hidden_units_1": [64]}, "hidden_units_1", r"not [64]"),
        ],
    )
    def test_a_wrong_list_is_named(
        self, params: dict[str, object], parameter: str, message: str
    ) -> None:
        with pytest.raises(RecipeError) as raised:
            read_recipe(params)
        assert raised.value.parameter == parameter
        assert message in raised.value.message


class TestRecipe:
    @pytest.mark.parametrize(
        ("fields", "parameter", "message"),
        [
            ({"learning_rate": -1.0}, "learning_rate", "above 0, not -1.0"),
            ({"learning_rate": None}, "learning_rate", "not None"),
            ({"learning_rate": "0.1"}, "learning_rate", "not '0.1'"),
            ({"optimizer": "sgd"}, "optimizer", "use gd"),
            ({"keep_prob": 0.0}, "keep_prob", "above 0 and at most 1"),
            ({"batch_norm": 1}, "batch_norm", "true or false"),
            ({"hidden_units": (8, 0)}, "hidden_units", "not 0"),
            ({"batch_size": 8.0}, "batch_size", "not 8.0"),
            ({"decay": "exponential", "decay_rate": 2.0}, "decay_rate", "at most 1"),
            ({"decay": "cosine"}, "decay_every", "must be given with decay cosine"),
        ],
    )
    def test_checks_itself(self, fields: dict[str, object], parameter: str, message: str) -> None:
        with pytest.raises(RecipeError) as raised:
            Recipe(**fields)
        assert raised.value.parameter == parameter
        assert message in raised.value.message

    @pytest.mark.parametrize(
        "fields",
        [
            {"learning_rate": 1, "hidden_units": [8, 4]},
            {"learning_rate": np.float64(0.5), "hidden_units": np.int64(8)},
            {"decay": "exponential"},
            {"decay": "staircase", "decay_rate": 0.1},
            {"decay": "cosine", "decay_every": np.int32(7)},
        ],
    )
    def test_is_what_reading_its_fields_gives(self, fields: dict[str, object]) -> None:
        made = Recipe(**fields)
        assert made == read_recipe(fields) == replace(made) == pickle.loads(pickle.dumps(made))
        assert type(made.learning_rate) is float
        assert all(type(units) is int for units in made.hidden_units)
        assert made.decay_rate == SCHEDULES[made.decay].default_rate or "decay_rate" in fields


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"optimizer": "adam", "momentum": 0.5}, "momentum"),
        ({"optimizer": "momentum", "beta2": 0.9}, "beta2"),
        ({"decay_rate": 0.5}, "decay_rate"),
        ({"hidden_units": (), "keep_prob": 0.5}, "keep_prob"),
        ({"batch_norm_momentum": 0.5}, "batch_norm_momentum"),
        ({"initialization": "xavier", "initialization_scale": 0.5}, "initialization_scale"),
    ],
)
def test_a_value_without_effect_is_named(fields: dict[str, Any], named: str) -> None:
    with pytest.warns(UserWarning, match=rf"without effect: {named} \("):
        Recipe(**fields)
    read_recipe(fields)  # of a trial, whose space may have it for the sake of others


def test_values_with_an_effect_are_not_warned_of() -> None:
    Recipe(optimizer="momentum", momentum=0.5, decay="staircase", decay_every=3, keep_prob=0.5)
    Recipe(optimizer="rmsprop", epsilon=1e-6, initialization="random", initialization_scale=1.0)
