"""CaviarSearchCV beside scikit-learn's searches, at equal CPU time.

    python -m benchmarks.search_cv [--seeds N] [--jobs N] [--learners A,B] [--sets A,B]

Three learners, each on three data sets of scikit-learn. Each seed draws the rows of the search; all
others are for the test. Each search gets the same rows, the same folds and the same space, written
as distributions of scipy.stats. CaviarSearchCV tries 30 settings, its default. Its CPU time, fits
and planning together, is what the others get: how many settings they try for it is found by pilot
searches on seeds of their own. The CPU time that each took in the end is printed.

Two scores are printed, accuracy or R2: of the best setting in cross-validation, which is what a
search maximizes, and of the model with that setting, fitted to all rows of the search, on the test
rows.
"""

from __future__ import annotations

import benchmarks.one_thread  # noqa: F401

# isort: split
import argparse
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from joblib import Parallel, delayed
from scipy.stats import loguniform, randint, uniform
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    cross_val_score,
    train_test_split,
)
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR

from caviar import CaviarSearchCV

FOLDS = 5
SETTINGS = 30
"""How many settings CaviarSearchCV tries: its default."""

PILOT_SEEDS = (1000, 1001)
TOLERANCE = 0.05
"""Of the CPU time: a search that took less is repeated with more settings."""

MARGIN = 1.05
"""What the others are to get of the CPU time, since pilots are few."""

SEARCHES: dict[str, tuple[Any, str]] = {
    "caviar": (CaviarSearchCV, "n_iter"),
    "random": (RandomizedSearchCV, "n_iter"),
    "halving": (HalvingRandomSearchCV, "n_candidates"),
}
"""The searches, and what each calls its number of settings."""


@dataclass(frozen=True, kw_only=True)
class Set:
    """A data set, of which some rows are for the search and all others for the test."""

    load: Callable[..., Any]
    classes: bool
    rows: int

    def parts(self, seed: int) -> list[Any]:
        """The features of the search and of the test, then the targets of both."""
        features, targets = self.load(return_X_y=True)
        stratify = targets if self.classes else None
        parts: list[Any] = train_test_split(
            features, targets, train_size=self.rows, random_state=seed, stratify=stratify
        )
        return parts


@dataclass(frozen=True, kw_only=True)
class Learner:
    """An estimator for classes, one for numbers, and the space of both."""

    classifier: Any
    regressor: Any
    space: Mapping[str, Any]

    def of(self, data: Set) -> tuple[Pipeline, dict[str, Any]]:
        """A pipeline with the estimator for a data set, and its space."""
        model = self.classifier if data.classes else self.regressor
        pipeline = Pipeline([("scale", StandardScaler()), ("model", model)])
        return pipeline, {f"model__{name}": values for name, values in self.space.items()}


SETS = {
    "digits": Set(load=load_digits, classes=True, rows=220),
    "breast_cancer": Set(load=load_breast_cancer, classes=True, rows=220),
    "diabetes": Set(load=load_diabetes, classes=False, rows=300),
}
LEARNERS = {
    "support vectors": Learner(
        classifier=SVC(max_iter=2000),
        regressor=SVR(max_iter=2000),
        space={
            "C": loguniform(1e-3, 1e4),
            "gamma": loguniform(1e-6, 1e1),
            "kernel": ["rbf", "poly", "sigmoid"],
            "coef0": uniform(-1, 2),
            "shrinking": [True, False],
        },
    ),
    "boosting": Learner(
        classifier=HistGradientBoostingClassifier(random_state=0),
        regressor=HistGradientBoostingRegressor(random_state=0),
        space={
            "learning_rate": loguniform(1e-3, 1.0),
            "max_leaf_nodes": randint(2, 33),
            "min_samples_leaf": randint(1, 61),
            "l2_regularization": loguniform(1e-6, 1e3),
            "max_iter": randint(2, 8),
            "max_features": uniform(0.1, 0.9),
        },
    ),
    "network": Learner(
        classifier=MLPClassifier(max_iter=8, random_state=0),
        regressor=MLPRegressor(max_iter=8, random_state=0),
        space={
            "learning_rate_init": loguniform(1e-5, 1.0),
            "alpha": loguniform(1e-6, 1e2),
            "hidden_layer_sizes": randint(2, 49),
            "batch_size": [16, 32, 64, 128],
            "activation": ["relu", "tanh", "logistic"],
            "beta_1": uniform(0.5, 0.49),
        },
    ),
}


@dataclass(frozen=True)
class Outcome:
    """What one search gave."""

    cross_validation: float
    test: float
    seconds: float
    """CPU time of the search, without the fit of the best setting to all rows."""


Outcomes: TypeAlias = dict[str, tuple[int, list[Outcome]]]
"""By search: the number of settings, and the outcome of each seed."""


def run(search: str, learner: str, data: str, *, seed: int, settings: int) -> Outcome:
    """Search with a number of settings."""
    estimator, space = LEARNERS[learner].of(SETS[data])
    train_x, test_x, train_y, test_y = SETS[data].parts(seed)
    kind, count = SEARCHES[search]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # networks that have not converged, settings that fail
        started = time.process_time()
        done = kind(
            estimator, space, **{count: settings}, cv=FOLDS, refit=False, random_state=seed
        ).fit(train_x, train_y)
        seconds = time.process_time() - started
        best = estimator.set_params(**done.best_params_)
        # Halving's own best score is one of the last subsample.
        validated = cross_val_score(best, train_x, train_y, cv=FOLDS).mean()
        test = best.fit(train_x, train_y).score(test_x, test_y)
    return Outcome(float(validated), float(test), seconds)


def settings_for(search: str, learner: str, data: str, *, seconds: float, start: int) -> int:
    """The number of settings for which a search takes about that much CPU time."""
    pilots = [run(search, learner, data, seed=seed, settings=start) for seed in PILOT_SEEDS]
    return max(round(MARGIN * start * seconds / _mean(pilots, "seconds")), 2)


def measured(learner: str, data: str, seeds: int) -> tuple[str, Outcomes]:
    """The outcomes of all searches of one learner on one data set."""
    outcomes: Outcomes = {
        "caviar": (
            SETTINGS,
            [run("caviar", learner, data, seed=seed, settings=SETTINGS) for seed in range(seeds)],
        )
    }
    seconds = _mean(outcomes["caviar"][1], "seconds")
    for search in ("random", "halving"):
        settings = settings_for(search, learner, data, seconds=seconds, start=SETTINGS // 2)
        for _ in range(2):
            own = [
                run(search, learner, data, seed=seed, settings=settings) for seed in range(seeds)
            ]
            outcomes[search] = (settings, own)
            taken = _mean(own, "seconds")
            if taken >= (1 - TOLERANCE) * seconds:
                break
            settings = max(round(settings * seconds / taken), settings + 1)
    return f"{learner}, {data}", outcomes


def _mean(outcomes: Sequence[Outcome], field: str) -> float:
    return float(np.mean([getattr(outcome, field) for outcome in outcomes]))


def show(tables: Mapping[str, Outcomes]) -> None:
    """Print the scores of each case, and the means with the differences to each other search."""
    for field in ("cross_validation", "test"):
        print(f"\n{field.replace('_', '-')} score, mean over the seeds; CPU seconds; settings")
        print(f"{'':32}" + "".join(f"{search:>24}" for search in SEARCHES))
        for case, outcomes in tables.items():
            cells = [
                f"{_mean(own, field):8.4f} {_mean(own, 'seconds'):7.1f} s {settings:5}"
                for settings, own in (outcomes[search] for search in SEARCHES)
            ]
            print(f"{case:32}" + "".join(f"{cell:>24}" for cell in cells))
        scores = {
            search: np.array(
                [[getattr(each, field) for each in tables[case][search][1]] for case in tables]
            )
            for search in SEARCHES
        }
        means = "".join(f"{scores[search].mean():>24.4f}" for search in SEARCHES)
        print(f"{'mean':32}{means}")
        for peer in ("random", "halving"):
            difference = scores["caviar"] - scores[peer]
            half = 1.96 * float(np.sqrt(difference.var(axis=1, ddof=1).sum() / difference.shape[1]))
            better = int((difference.mean(axis=1) > 0).sum())
            print(
                f"caviar - {peer}: {difference.mean():+.4f} ± {half / len(difference):.4f} "
                f"(95 %); better in the mean on {better} of {len(difference)}"
            )


def main() -> None:
    """Run the searches and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=1, help="cases that are measured at a time")
    parser.add_argument("--learners", default=",".join(LEARNERS), help="comma-separated names")
    parser.add_argument("--sets", default=",".join(SETS), help="comma-separated names")
    given = parser.parse_args()
    cases = [(one, data) for one in given.learners.split(",") for data in given.sets.split(",")]
    tables: dict[str, Outcomes] = {}
    tasks = [delayed(measured)(learner, data, given.seeds) for learner, data in cases]
    for case, outcomes in Parallel(given.jobs, return_as="generator")(tasks):
        tables[case] = outcomes
        means = ", ".join(
            f"{search} {_mean(own, 'cross_validation'):.4f} {_mean(own, 'test'):.4f}"
            for search, (_, own) in outcomes.items()
        )
        print(f"{len(tables)} of {len(cases)}: {case}: {means}", file=sys.stderr, flush=True)
    show(tables)


if __name__ == "__main__":
    main()
