"""Synonyms: the name that textbooks and other libraries use leads to ours, and is not accepted."""

import pytest

from caviar.engine.recipe import RULES, Recipe, RecipeError, check_name, check_value, read_recipe
from caviar.engine.rules import Choice


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("lr", "use learning_rate"),
        ("learning_rate_init", "use learning_rate"),
        ("LearningRate", "use learning_rate"),
        ("dropout", "use keep_prob, the probability of keeping a unit: 1 - dropout"),
        ("weight_decay", "use l2, whose term"),
        ("l2_lambda", "use l2, whose term"),
        ("alpha", "use learning_rate, or l2"),
        ("batchsize", "use batch_size"),
        ("mini_batch_size", "use batch_size"),
        ("batch-size", "use batch_size"),
        ("n_hidden", "use hidden_units"),
        ("hidden_layer_sizes", "use hidden_units, one width or a list"),
        ("layers", "use hidden_layers"),
        ("num_layers", "use hidden_layers"),
        ("nesterov", "use momentum with the optimizer momentum"),
        ("beta_1", "use beta1"),
        ("betas", "use beta1 and beta2"),
        ("rho", "use rms_decay"),
        ("eps", "use epsilon"),
        ("solver", "use optimizer"),
        ("max_iter", "use epochs, an argument of train"),
        ("epochs", "use epochs, an argument of train"),
        ("random_state", "use seed"),
        ("batchnorm", "use batch_norm"),
        ("batch_normalization", "use batch_norm"),
        ("init", "use initialization"),
        ("kernel_initializer", "use initialization"),
        ("scheduler", "use decay"),
        ("sgd", "use optimizer with the value gd"),
        ("adam", "use optimizer with the value adam"),
        ("glorot", "use initialization with the value xavier"),
        ("Hidden_Units", "use hidden_units"),
    ],
)
def test_a_foreign_name_leads_to_ours(name: str, advice: str) -> None:
    with pytest.raises(RecipeError) as raised:
        check_name(name)
    assert raised.value.parameter == name
    assert raised.value.message.startswith(f"unknown hyperparameter; {advice}")
    for read in (read_recipe, Recipe().adjusted):
        with pytest.raises(RecipeError, match="unknown hyperparameter; use"):
            read({name: 0.5})


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("optimizer", "sgd", "gd"),
        ("optimizer", "SGD", "gd"),
        ("optimizer", "RMSprop", "rmsprop"),
        ("optimizer", "adamw", "adam with l2"),
        ("optimizer", "nesterov", "momentum, which is the classical one"),
        ("activation", "ReLU", "relu"),
        ("activation", "logistic", "sigmoid"),
        ("activation", "LeakyReLU", "leaky_relu"),
        ("activation", "identity", "hidden_layers = 0"),
        ("initialization", "glorot_uniform", "xavier"),
        ("initialization", "kaiming", "he"),
        ("decay", None, "none"),
        ("decay", "cosine_annealing", "cosine"),
    ],
)
def test_a_foreign_value_leads_to_ours(name: str, value: object, advice: str) -> None:
    with pytest.raises(RecipeError) as raised:
        check_value(name, value)
    assert raised.value.parameter == name
    assert f"not {value!r}; use {advice}" in raised.value.message


def test_no_known_name_or_value_is_a_synonym() -> None:
    for name, rule in RULES.items():
        assert check_name(name) is rule
        for choice in rule.choices if isinstance(rule, Choice) else ():
            assert check_value(name, choice) == choice


@pytest.mark.parametrize(("name", "value"), [("optimizer", "lbfgs"), ("activation", 3)])
def test_what_is_no_synonym_gets_the_choices_alone(name: str, value: object) -> None:
    with pytest.raises(RecipeError) as raised:
        check_value(name, value)
    assert raised.value.message.endswith(f"not {value!r}")
