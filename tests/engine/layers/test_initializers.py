import math

import numpy as np
import pytest

from caviar.engine.population.lanes import Lane, initial_state
from tests.engine.cases import make_clouds, recipe


@pytest.mark.parametrize(
    ("initialization", "deviation"),
    [
        ("zeros", 0.0),
        ("random", 0.3),
        ("xavier", math.sqrt(1 / 50)),
        ("he", math.sqrt(2 / 50)),
    ],
)
def test_weights_have_the_deviation_and_biases_are_zero(
    initialization: str, deviation: float
) -> None:
    dataset = make_clouds(features=50, classes=2, examples=20)
    read = recipe(hidden_units=400, initialization=initialization, initialization_scale=0.3)
    shape = read.shape(dataset)
    state = initial_state(Lane(number=0, recipe=read), shape, seed=1)
    block = shape.blocks[0]
    weights = block.weights(state.parameters)
    assert weights.std() == pytest.approx(deviation, rel=0.02)
    assert abs(weights.mean()) <= 0.02 * deviation
    assert not np.any(state.parameters[shape.unregularized])
    assert state.parameters.dtype == np.float32
