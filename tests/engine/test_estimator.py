from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import estimator_checks_generator

from caviar.engine.checkpoints import write_checkpoint
from caviar.engine.estimator import CaviarClassifier, CaviarRegressor

CHECKS = [
    check
    for estimator in (
        CaviarClassifier(epochs=20, learning_rate=0.03),
        CaviarRegressor(epochs=20, learning_rate=0.03),
    )
    for check in estimator_checks_generator(estimator)
]


def name(check: tuple[object, object]) -> str:
    function = getattr(check[1], "func", check[1])
    return f"{type(check[0]).__name__}-{function.__name__}"


@pytest.mark.parametrize("check", CHECKS, ids=name)
def test_estimators_pass_the_checks_of_scikit_learn(check) -> None:  # type: ignore[no-untyped-def]
    estimator, function = check
    function(estimator)


def test_estimators_learn() -> None:
    features, labels = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[labels]
    assert cross_val_score(CaviarClassifier(), features, names, cv=3).mean() > 0.9
    features, targets = load_diabetes(return_X_y=True)
    regressor = CaviarRegressor(hidden_units=8, learning_rate=0.003, l2=5.0)
    assert cross_val_score(regressor, features, targets, cv=3).mean() > 0.4


def test_a_checkpoint_loads_as_a_fitted_estimator(tmp_path: Path) -> None:
    features, labels = load_iris(return_X_y=True)
    fitted = CaviarClassifier(hidden_units=(7, 5), epochs=5).fit(features, labels)
    path = tmp_path / "best.npz"
    path.write_bytes(write_checkpoint(fitted.model_.checkpoint))
    loaded = CaviarClassifier.load(path)
    np.testing.assert_array_equal(loaded.predict(features), fitted.predict(features))
    assert (loaded.hidden_units, loaded.epochs) == ((7, 5), 5)
    assert loaded.score(features, labels) == fitted.score(features, labels)
