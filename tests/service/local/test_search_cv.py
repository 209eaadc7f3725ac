"""CaviarSearchCV: what it shares with RandomizedSearchCV, and what it does differently."""

from __future__ import annotations

import doctest
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import loguniform, randint, uniform
from sklearn.base import BaseEstimator, ClassifierMixin, is_classifier
from sklearn.datasets import load_iris, make_classification
from sklearn.decomposition import PCA
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold, RandomizedSearchCV, ShuffleSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import estimator_checks_generator

from caviar.sampler import PrunerError, SpaceError
from caviar.service.local.search_cv import CaviarSearchCV, ranks

X, Y = make_classification(n_samples=60, n_features=4, random_state=0)


class Curve(ClassifierMixin, BaseEstimator):
    """Scores what its parameters say, a little less on each fold; it needs no data."""

    fits: ClassVar[list[tuple[float, int]]] = []
    """The parameter and the number of training rows of every fit, of all instances."""

    def __init__(self, x: Any = 0.5, fails: Any = False) -> None:
        self.x = x
        self.fails = fails

    def fit(self, features: Any, labels: Any, **kwargs: Any) -> Curve:
        if self.fails:
            raise RuntimeError("this one fails")
        self.classes_ = np.unique(labels)
        self.fits.append((self.x, len(features)))
        return self

    def predict(self, features: Any) -> NDArray[np.int_]:
        return np.zeros(len(features), dtype=np.int_)

    def score(self, features: Any, labels: Any, sample_weight: Any = None) -> float:
        return 1.0 - (self.x - 0.7) ** 2 - 1e-3 * float(features[0, 0])


SPACE: dict[str, Any] = {"x": {"type": "float", "low": 0.0, "high": 1.0}}


@pytest.fixture(autouse=True)
def no_fits() -> None:
    Curve.fits.clear()


def search(**options: Any) -> CaviarSearchCV:
    given = {"estimator": Curve(), "space": SPACE, "n_iter": 25, "random_state": 0, **options}
    return CaviarSearchCV(**given)


ESTIMATORS = (
    (LogisticRegression(), {"C": [0.1, 1.0]}),
    (Pipeline([("pca", PCA()), ("ridge", Ridge())]), {"ridge__alpha": [0.1, 1.0]}),
)
EXPECTED_FAILURES = {
    "check_supervised_y_2d": "scikit-learn's own search classes fail it",
}
CHECKS = [
    check
    for estimator, space in ESTIMATORS
    for check in estimator_checks_generator(
        CaviarSearchCV(estimator, space, n_iter=2, cv=2, error_score="raise", random_state=0),
        expected_failed_checks=EXPECTED_FAILURES,
        mark="skip",
    )
]


def name(check: tuple[Any, Any]) -> str:
    function = getattr(check[1], "func", check[1])
    return f"{type(check[0].estimator).__name__}-{function.__name__}"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
@pytest.mark.parametrize("check", CHECKS, ids=name)
def test_it_passes_the_checks_of_scikit_learn(check: tuple[Any, Any]) -> None:
    estimator, function = check
    function(estimator)


def test_results_have_the_columns_of_a_random_search() -> None:
    options = {"cv": 3, "return_train_score": True, "n_iter": 4, "random_state": 0}
    theirs = RandomizedSearchCV(Curve(), {"x": uniform()}, **options).fit(X, Y)
    ours = CaviarSearchCV(Curve(), {"x": uniform()}, **options).fit(X, Y)
    assert ours.cv_results_.keys() == theirs.cv_results_.keys() | {"round", "n_folds"}
    for key, column in theirs.cv_results_.items():
        assert type(ours.cv_results_[key]) is type(column)
        assert getattr(ours.cv_results_[key], "dtype", 0) == getattr(column, "dtype", 0)
    public = {key for key in vars(theirs) if key.endswith("_")}
    assert {key for key in vars(ours) if key.endswith("_")} == public
    assert ours.n_splits_ == 3


def test_keyword_param_distributions_is_the_space() -> None:
    by_keyword = search(space=None, param_distributions=SPACE, n_iter=5).fit(X, Y)
    by_place = search(n_iter=5).fit(X, Y)
    assert by_keyword.cv_results_["params"] == by_place.cv_results_["params"]
    with pytest.raises(ValueError, match="param_distributions"):
        search(param_distributions=SPACE).fit(X, Y)
    with pytest.raises(ValueError, match="give the space"):
        search(space=None).fit(X, Y)


def test_poor_settings_stop_after_the_first_folds() -> None:
    done = search(n_iter=30, cv=5).fit(X, Y)
    results = done.cv_results_
    counts = results["n_folds"]
    assert len(Curve.fits) == counts.sum() + 1 < 0.6 * 30 * 5
    assert set(counts) == {1, 2, 5}
    scores = np.stack([results[f"split{fold}_test_score"] for fold in range(5)], axis=1)
    np.testing.assert_array_equal(np.isfinite(scores), np.arange(5) < counts[:, None])
    np.testing.assert_array_equal(np.isfinite(results["mean_test_score"]), counts == 5)
    assert np.isfinite(results["mean_fit_time"]).all()
    # In the coarse round the poorer half is stopped.
    first = np.flatnonzero(results["round"] == 0)
    stopped, kept = first[counts[first] == 1], first[counts[first] > 1]
    assert scores[stopped, 0].max() <= scores[kept, 0].min()
    # The best is the best of those with all folds, and zooms have found the optimum.
    assert done.best_score_ == np.nanmax(results["mean_test_score"])
    assert done.best_params_ == results["params"][done.best_index_]
    assert done.best_params_["x"] == pytest.approx(0.7, abs=0.02)
    assert results["rank_test_score"][done.best_index_] == 1
    assert (
        results["rank_test_score"][counts == 5].max() < results["rank_test_score"][counts < 5].min()
    )


def test_without_a_pruner_every_setting_has_all_folds() -> None:
    done = search(n_iter=14, cv=3, pruner="none").fit(X, Y)
    assert set(done.cv_results_["n_folds"]) == {3}
    chooses = search(
        n_iter=14, cv=3, refit=lambda results: int(results["mean_test_score"].argmin())
    )
    chooses.fit(X, Y)
    assert set(chooses.cv_results_["n_folds"]) == {3}  # it compares means
    assert chooses.best_index_ == np.argmin(done.cv_results_["mean_test_score"])
    assert not hasattr(chooses, "best_score_")


def test_ranks_put_complete_settings_first_and_failed_ones_last() -> None:
    nan = float("nan")
    scores = np.array([[3, 4], [9, nan], [5, 4], [3, 4], [nan, nan], [8, nan], [2, nan]])
    counts = np.array([2, 1, 2, 2, 1, 1, 2])
    assert ranks(scores, counts).tolist() == [2, 4, 1, 2, 6, 5, 6]


@pytest.mark.processes
def test_the_result_does_not_depend_on_the_number_of_processes() -> None:
    space = {"C": loguniform(1e-3, 1e3), "tol": [1e-4, 1e-3]}
    one, two = (
        CaviarSearchCV(LogisticRegression(), space, n_iter=20, n_jobs=n_jobs, random_state=3).fit(
            X, Y
        )
        for n_jobs in (1, 2)
    )
    assert one.cv_results_["params"] == two.cv_results_["params"]
    for key in ("mean_test_score", "split1_test_score", "rank_test_score", "n_folds", "round"):
        np.testing.assert_array_equal(one.cv_results_[key], two.cv_results_[key])
    other = CaviarSearchCV(LogisticRegression(), space, n_iter=20, random_state=4).fit(X, Y)
    assert other.cv_results_["params"] != one.cv_results_["params"]


def test_a_splitter_that_shuffles_gives_all_settings_the_same_folds() -> None:
    done = search(n_iter=10, cv=ShuffleSplit(4), pruner="none").fit(X, Y)
    results, first = done.cv_results_, {}
    for fold in range(4):
        offsets = results[f"split{fold}_test_score"] + (results["param_x"].astype(float) - 0.7) ** 2
        assert np.ptp(offsets) < 1e-9
        first[fold] = offsets[0]
    assert len(set(first.values())) > 1


def test_settings_that_fail_are_ranked_last_and_the_search_goes_on() -> None:
    space = {**SPACE, "fails": [True, False, False]}
    with (
        pytest.warns(FitFailedWarning, match="this one fails"),
        pytest.warns(UserWarning, match="non-finite"),
    ):
        done = search(space=space, n_iter=30, cv=3).fit(X, Y)
    results = done.cv_results_
    failed = results["param_fails"].astype(bool)
    assert 0 < failed.sum() < 30
    assert set(results["n_folds"][failed]) == {1}
    assert set(results["rank_test_score"][failed]) == {30 - failed.sum() + 1}
    assert np.isnan(results["mean_test_score"][failed]).all()
    assert done.best_params_["fails"] is False


def test_a_round_in_which_all_fail_does_not_end_the_search() -> None:
    fits: list[int] = []

    class Late(Curve):
        """Its first twelve fits fail: the coarse round."""

        def fit(self, features: Any, labels: Any, **kwargs: Any) -> Curve:
            fits.append(len(features))
            if len(fits) <= 12:
                raise RuntimeError("not yet")
            return super().fit(features, labels)

    def score(estimator: Any, features: Any, labels: Any) -> dict[str, float]:
        return {"a": float(estimator.score(features, labels)), "b": 1.0}

    with (
        pytest.warns(FitFailedWarning, match="not yet"),
        pytest.warns(UserWarning, match="non-finite"),
    ):
        done = search(estimator=Late(), n_iter=24, cv=3, scoring=score, refit="a").fit(X, Y)
    results = done.cv_results_
    assert np.isnan(results["split0_test_b"][:12]).all()
    assert done.best_index_ >= 12
    assert np.isfinite(done.best_score_)


def test_if_everything_fails_it_says_so() -> None:
    with (
        pytest.raises(ValueError, match=r"fits failed(.|\n)*this one fails"),
        pytest.warns(FitFailedWarning),
    ):
        search(estimator=Curve(fails=True), n_iter=15).fit(X, Y)
    with pytest.raises(RuntimeError, match="this one fails"):
        search(estimator=Curve(fails=True), error_score="raise").fit(X, Y)


def test_an_error_score_counts_as_a_score() -> None:
    space = {**SPACE, "fails": [True, False]}
    with pytest.warns(FitFailedWarning):
        done = search(space=space, n_iter=20, cv=3, error_score=-5.0).fit(X, Y)
    failed = done.cv_results_["param_fails"].astype(bool)
    assert set(done.cv_results_["split0_test_score"][failed]) == {-5.0}
    assert done.best_params_["fails"] is False


@pytest.mark.slow
def test_several_metrics() -> None:
    options: dict[str, Any] = {"scoring": ["accuracy", "neg_log_loss"], "cv": 3, "n_iter": 16}
    space = {"C": loguniform(1e-4, 1e2)}
    done = search(estimator=LogisticRegression(), space=space, refit="neg_log_loss", **options)
    done.fit(X, Y)
    assert done.multimetric_
    assert set(done.scorer_) == {"accuracy", "neg_log_loss"}
    best = np.nanargmax(done.cv_results_["mean_test_neg_log_loss"])
    assert (done.best_index_, done.best_score_) == (
        best,
        done.cv_results_["mean_test_neg_log_loss"][best],
    )
    assert done.score(X, Y) == pytest.approx(done.scorer_["neg_log_loss"](done, X, Y))
    with pytest.raises(ValueError, match="refit"):
        search(estimator=LogisticRegression(), space=space, **options).fit(X, Y)
    unfitted = search(estimator=LogisticRegression(), space=space, refit=False, **options).fit(X, Y)
    assert not hasattr(unfitted, "best_index_")
    assert {"rank_test_accuracy", "rank_test_neg_log_loss"} <= unfitted.cv_results_.keys()


def test_groups_and_sample_weight_reach_splitter_and_estimator() -> None:
    groups = np.arange(len(X)) % 4
    weights = np.ones(len(X))
    done = search(cv=GroupKFold(4), n_iter=5).fit(X, Y, groups=groups, sample_weight=weights)
    assert done.n_splits_ == 4
    assert {rows for _, rows in Curve.fits} == {45, 60}


@pytest.mark.slow
def test_values_of_any_kind_and_subspaces() -> None:
    scale = make_pipeline(StandardScaler(), SVC())
    space = [
        {
            "standardscaler": [StandardScaler(), MinMaxScaler(), "passthrough", None],
            "svc__kernel": ["rbf"],
            "svc__gamma": loguniform(1e-3, 1e1),
            "svc__C": [0.1, 1, 10, 100],
        },
        {"svc__kernel": ["poly", "linear"], "svc__degree": randint(2, 4), "svc__C": uniform(1, 9)},
    ]
    done = search(estimator=scale, space=space, n_iter=30, cv=3).fit(X, Y)
    kernels = [params["svc__kernel"] for params in done.cv_results_["params"]]
    assert set(kernels) == {"rbf", "poly", "linear"}
    for params in done.cv_results_["params"]:
        rbf = params["svc__kernel"] == "rbf"
        assert params.keys() == (space[0] if rbf else space[1]).keys()
        assert params["svc__C"] in (0.1, 1, 10, 100) if rbf else 1 <= params["svc__C"] <= 10
    masked = done.cv_results_["param_svc__gamma"]
    np.testing.assert_array_equal(masked.mask, [kernel != "rbf" for kernel in kernels])
    assert done.best_score_ > 0.85
    assert done.best_estimator_.score(X, Y) == done.score(X, Y)


def test_a_small_space_is_tried_once_and_the_search_ends() -> None:
    space = {"x": [0.1, 0.3, 0.7, 0.9], "fails": [False, None]}
    with pytest.warns(UserWarning, match="8 settings, fewer than n_iter=30"):
        done = search(space=space, n_iter=30).fit(X, Y)
    tried = [tuple(params.values()) for params in done.cv_results_["params"]]
    assert len(tried) == len(set(tried)) == 8
    assert done.best_params_["x"] == 0.7


def test_methods_and_tags_are_those_of_the_estimator() -> None:
    unfitted = search()
    assert is_classifier(unfitted)
    assert not hasattr(unfitted, "decision_function")
    with pytest.raises(NotFittedError):
        unfitted.predict(X)
    features, labels = load_iris(return_X_y=True)
    fitted = search(
        estimator=LogisticRegression(max_iter=500), space={"C": [0.1, 1.0, 10.0]}, n_iter=3
    )
    fitted.fit(features, labels)
    assert fitted.predict_proba(features).shape == (150, 3)
    assert fitted.classes_.tolist() == [0, 1, 2]
    assert fitted.n_features_in_ == 4
    assert fitted.refit_time_ > 0


def test_the_example_of_the_docstring_runs() -> None:
    [example] = doctest.DocTestFinder(recurse=False).find(CaviarSearchCV, "CaviarSearchCV")
    assert doctest.DocTestRunner().run(example).failed == 0


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"space": {"x": 0.5}}, SpaceError, "x: must be a list"),
        ({"space": {"x": "abc"}}, SpaceError, "x: must be a list"),
        ({"space": {"x": []}}, SpaceError, "x.choices"),
        ({"space": {"x": {"type": "float", "low": 2, "high": 1}}}, SpaceError, "x.low"),
        ({"space": [{"x": [1]}, {"x": {"type": "flot"}}]}, SpaceError, "x.type"),
        ({"space": {"x" * 70: {"type": "flot"}}}, SpaceError, "x" * 70 + r"\.type"),
        ({"n_iter": 0}, ValueError, "n_iter"),
        ({"n_iter": 2.5}, ValueError, "n_iter"),
        ({"pruner": "halving"}, PrunerError, "pruner.kind"),
        ({"pruner": {"kind": "median", "min_epochs": 9}}, PrunerError, "folds"),
    ],
)
def test_wrong_input_is_named(
    options: Mapping[str, Any], error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        search(**options).fit(X, Y)
    assert Curve.fits == []
