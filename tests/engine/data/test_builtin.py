import subprocess
import sys

import numpy as np
import pytest
from sklearn import datasets

from caviar.engine.data import builtin
from caviar.engine.data.builtin import BUILTIN, circles, moons
from caviar.engine.errors import DatasetError

SCIKIT_LEARN = {
    "breast_cancer": lambda: datasets.load_breast_cancer(return_X_y=True),
    "circles": lambda: datasets.make_circles(1000, noise=0.05, factor=0.8, random_state=0),
    "diabetes": lambda: datasets.load_diabetes(return_X_y=True, scaled=False),
    "digits": lambda: datasets.load_digits(return_X_y=True),
    "moons": lambda: datasets.make_moons(1000, noise=0.2, random_state=0),
    "wine": lambda: datasets.load_wine(return_X_y=True),
}


@pytest.mark.parametrize("name", BUILTIN)
def test_values_are_equal_to_those_of_scikit_learn(name: str) -> None:
    features, targets = BUILTIN[name]()
    expected, expected_targets = SCIKIT_LEARN[name]()
    np.testing.assert_array_equal(features, expected)
    np.testing.assert_array_equal(targets, expected_targets)


def test_generators_of_any_size_are_equal_to_those_of_scikit_learn() -> None:
    for drawn, expected in [
        (moons(301, 0.1, 3), datasets.make_moons(301, noise=0.1, random_state=3)),
        (
            circles(301, 0.1, 3, 0.5),
            datasets.make_circles(301, noise=0.1, factor=0.5, random_state=3),
        ),
    ]:
        np.testing.assert_array_equal(drawn[0], expected[0])
        np.testing.assert_array_equal(drawn[1], expected[1])


def test_training_imports_nothing_heavy() -> None:
    code = """
import sys
from caviar import engine
for name in engine.DATASETS:
    engine.describe_dataset(name)
lane = engine.Lane(number=0, recipe=engine.read_recipe({}))
list(engine.Training(engine.load_dataset("digits"), [lane], seed=0).run(1))
print(*{"sklearn", "scipy", "pandas"} & set(sys.modules))
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == ""


def test_a_missing_table_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builtin, "find_spec", lambda name: None)
    with pytest.raises(DatasetError, match=r"wine_data\.csv .* scikit-learn"):
        BUILTIN["wine"]()
