import doctest
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import BaggingClassifier
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import estimator_checks_generator

from caviar.engine.checkpoints import write_checkpoint
from caviar.engine.errors import DatasetError
from caviar.engine.estimator import CaviarClassifier, CaviarRegressor
from caviar.engine.trained import train
from tests.factories.tables import churn

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


def test_parameters_may_be_numpy_scalars_as_searches_draw_them() -> None:
    features, labels = load_iris(return_X_y=True)
    plain = CaviarClassifier(hidden_units=(8,), batch_size=32, epochs=3, random_state=5)
    drawn = CaviarClassifier(
        hidden_units=np.int64(8),  # type: ignore[arg-type]
        batch_size=np.int64(32),  # type: ignore[arg-type]
        batch_norm=np.bool_(False),  # type: ignore[arg-type]
        learning_rate=np.float64(0.01),
        epochs=np.int64(3),  # type: ignore[arg-type]
        random_state=np.int64(5),  # type: ignore[arg-type]
    )
    first, second = (model.fit(features, labels).loss_curve_ for model in (plain, drawn))
    assert first == second
    assert len(first) == 3
    assert first[-1] < first[0]


def test_random_state_seeds_the_network() -> None:
    features, labels = load_iris(return_X_y=True)

    def curve(random_state: object) -> list[float]:
        model = CaviarClassifier(epochs=2, random_state=random_state)  # type: ignore[arg-type]
        return model.fit(features, labels).loss_curve_

    assert curve(1) == curve(1) != curve(2)
    generator = np.random.RandomState(0)
    assert curve(generator) != curve(generator)
    assert curve(None) != curve(None)
    bagged = BaggingClassifier(CaviarClassifier(epochs=2), n_estimators=2, random_state=0)
    seeds = [model.random_state for model in bagged.fit(features, labels).estimators_]
    assert len(set(seeds)) == 2


@pytest.mark.parametrize(
    ("parameters", "match"),
    [
        ({"learning_rate": -1.0}, "learning_rate"),
        ({"hidden_units": (8, 0)}, "hidden_units"),
        ({"hidden_units": None}, "hidden_units"),
        ({"hidden_units": "wide"}, "hidden_units"),
        ({"optimizer": "sgd"}, "optimizer"),
        ({"settings": {"beta": 1.0}}, "beta"),
        ({"settings": {"l2": 1.0}}, "l2: is given twice"),
        ({"epochs": 0}, "epochs"),
        ({"epochs": 2.5}, "epochs"),
        ({"random_state": -1}, "Seed must be"),
    ],
)
def test_a_wrong_parameter_is_named(parameters: dict[str, object], match: str) -> None:
    features, labels = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match=match):
        CaviarClassifier(**parameters).fit(features, labels)  # type: ignore[arg-type]


@pytest.mark.parametrize("estimator", [CaviarClassifier, CaviarRegressor])
def test_the_example_of_the_docstring_runs(estimator: type) -> None:
    [example] = doctest.DocTestFinder(recurse=False).find(estimator, estimator.__name__)
    assert doctest.DocTestRunner().run(example).failed == 0


def test_a_checkpoint_loads_as_a_fitted_estimator(tmp_path: Path) -> None:
    features, labels = load_iris(return_X_y=True)
    fitted = CaviarClassifier(hidden_units=(7, 5), epochs=5).fit(features, labels)
    path = tmp_path / "best.npz"
    path.write_bytes(write_checkpoint(fitted.model_.checkpoint))
    loaded = CaviarClassifier.load(path)
    np.testing.assert_array_equal(loaded.predict(features), fitted.predict(features))
    assert (loaded.hidden_units, loaded.epochs) == ((7, 5), 5)
    assert loaded.score(features, labels) == fitted.score(features, labels)
    assert loaded.random_state == 0
    with pytest.raises(ValueError, match="multiclass"):
        CaviarRegressor.load(path)


def test_an_estimator_of_a_network_for_a_table_takes_raw_rows(tmp_path: Path) -> None:
    table = churn(120)
    trained = train(table, "churn", epochs=2)
    trained.save(tmp_path / "churn.npz")
    loaded = CaviarClassifier.load(tmp_path / "churn.npz")
    rows = {name: values for name, values in table.items() if name != "churn"}
    assert loaded.predict(rows).tolist() == trained.predict(rows).tolist()
    assert tuple(loaded.feature_names_in_) == trained.model.columns
    assert loaded.n_features_in_ == len(trained.model.columns)
    with pytest.raises(DatasetError, match=trained.model.columns[0]):
        loaded.predict({name: rows[name] for name in trained.model.columns[1:]})
