import pytest

from caviar.engine.errors import RecipeError
from caviar.engine.gradient_check import gradient_check
from caviar.engine.layers.activations import ACTIVATIONS, Activation, relu_forward
from caviar.engine.layers.initializers import INITIALIZERS
from tests.engine.cases import make_clouds, make_regression, recipe

DATASETS = {
    "softmax": make_clouds(features=3, classes=4, examples=60),
    "sigmoid": make_clouds(features=3, classes=2, examples=60),
    "identity": make_regression(features=3, examples=60),
}


@pytest.mark.parametrize(
    "units", [{"hidden_layers": 0}, {"hidden_units_1": 6, "hidden_units_2": 5}]
)
@pytest.mark.parametrize("l2", [0.0, 0.7])
@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("output", DATASETS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_backpropagation_agrees_with_differences(
    activation: str, output: str, batch_norm: bool, l2: float, units: dict[str, object]
) -> None:
    read = recipe(activation=activation, l2=l2, batch_norm=batch_norm, **units)
    assert gradient_check(read, DATASETS[output]) < 1e-7


def test_dropout_is_refused() -> None:
    with pytest.raises(RecipeError, match="keep_prob: must be 1"):
        gradient_check(recipe(keep_prob=0.9), DATASETS["softmax"])


@pytest.mark.parametrize("initialization", INITIALIZERS)
def test_any_initialization_can_be_checked(initialization: str) -> None:
    dataset = make_clouds(features=2, classes=3, examples=30)
    read = recipe(initialization=initialization, optimizer="rmsprop", decay="inverse_time")
    assert gradient_check(read, dataset, seed=5) < 1e-7


def test_a_wrong_derivative_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Activation(relu_forward, lambda outputs, gradient: None, kinked=True)
    monkeypatch.setitem(ACTIVATIONS, "relu", wrong)
    dataset = make_clouds(features=3, classes=3, examples=30)
    assert gradient_check(recipe(), dataset) > 1e-3
