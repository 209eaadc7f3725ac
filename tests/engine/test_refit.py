"""A network trained again on every example of its data set."""

import numpy as np
import pytest

from caviar.engine import Recipe, load_dataset
from caviar.engine.errors import DivergedError
from caviar.engine.refit import refit


def test_a_network_is_refitted_on_every_example() -> None:
    dataset = load_dataset("moons")
    recipe = Recipe(hidden_units=(16,), learning_rate=0.02)
    model = refit(dataset, recipe, epochs=12, number=3, seed=5)
    again = refit(dataset, recipe, epochs=12, number=3, seed=5)
    counts = model.checkpoint.dataset["split"]["counts"]
    assert counts == {"training": sum(dataset.split["counts"].values())}
    parts = (dataset.training, dataset.validation, dataset.test)
    features = np.concatenate([part.features for part in parts]) * dataset.scaling.deviation
    raw = features + dataset.scaling.mean
    labels = np.concatenate([part.targets for part in parts])
    assert np.mean(model.predict(raw) == labels) > 0.95
    assert np.array_equal(model.predict_proba(raw), again.predict_proba(raw))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_training_that_diverges_says_so() -> None:
    recipe = Recipe(optimizer="momentum", learning_rate=1e30)
    with pytest.raises(DivergedError, match="learning_rate"):
        refit(load_dataset("diabetes"), recipe, epochs=5, number=0, seed=1)
