"""From a table to features: fitted on the training part, the same for raw rows later."""

import json
from typing import Any

import numpy as np
import polars
import pytest

from caviar.engine.data.columns import Table
from caviar.engine.data.datasets import SPLIT_SEED, split_rows
from caviar.engine.data.preparation import Prepared, prepare
from caviar.engine.data.preprocessing import preprocessing_from
from caviar.engine.data.tables import table_of
from caviar.engine.errors import DatasetError
from tests.factories.tables import ROWS, churn


def prepared(**changes: Any) -> Prepared:
    return prepare(table_of(churn(**changes)), target="churn")


def training_rows(made: Prepared) -> np.ndarray:
    return split_rows(made.target.values, len(made.target.labels), SPLIT_SEED)["training"]


def test_every_kind_of_column_becomes_features() -> None:
    made = prepared()
    assert made.preprocessing.features == (
        "age",
        "age is missing",
        "city=Paris",
        "city=Rome",
        "city=Oslo",
        "city is other",
        "city is missing",
        "active",
        "since",
    )
    assert made.features.shape == (ROWS, 9)
    np.testing.assert_array_equal(made.features[:, 2:7].sum(axis=1), 1)
    assert made.target.labels == ("no", "yes")
    unused = {c["name"]: c["unused"] for c in made.report["columns"] if c["unused"]}
    assert unused == {
        "customer": "like an id: 500 different texts in 500 rows",
        "country": "constant",
    }


def test_the_preprocessing_is_fitted_on_the_training_part_only() -> None:
    made = prepared()
    rows = training_rows(made)
    age = np.array(churn()["age"])
    others = np.setdiff1d(np.arange(ROWS), rows)
    changed = age.copy()
    changed[others] = 1e6  # would move any median that saw them
    assert prepared(age=changed).preprocessing.to_json() == made.preprocessing.to_json()
    fill = made.preprocessing.to_json()["columns"][0]["fill"]
    present = np.sort(age[rows][~np.isnan(age[rows])])
    assert fill == present[(len(present) - 1) // 2]
    # A level that only other parts have is as any level that training did not know.
    city = np.array(churn()["city"], object)
    city[others[:30]] = "Lima"
    assert "city=Lima" not in prepared(city=city.tolist()).preprocessing.features


def test_raw_rows_become_the_features_of_training() -> None:
    made = prepared()
    loaded = preprocessing_from(json.loads(json.dumps(made.preprocessing.to_json())))
    raw = churn()
    for rows in (
        raw,
        polars.DataFrame(raw),
        [dict(zip(raw, v, strict=True)) for v in zip(*raw.values(), strict=True)],
    ):
        np.testing.assert_array_equal(loaded.transform(rows), made.features)
    one = {"age": "31", "city": "Atlantis", "active": "true", "since": "2020-01-02", "more": [[1]]}
    np.testing.assert_array_equal(loaded.transform(one), [[31, 0, 0, 0, 0, 1, 0, 1, 18263]])
    matrix = np.array([["c1", None, None, False, "2020-01-01", "FR"]], object)
    np.testing.assert_array_equal(loaded.transform(matrix)[0, 1:], [1, 0, 0, 0, 0, 1, 0, 18262])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"age": None}, "there is no column 'age'"),
        ({"age": ["old"]}, "column 'age' has 'old' in row 0, which is no number"),
        ({"age": [float("inf")]}, "column 'age' has inf in row 0"),
        ({"active": ["maybe"]}, "column 'active' has 'maybe' in row 0, which is no boolean"),
        ({"since": [3]}, "column 'since' has 3 in row 0, which is no date"),
        ({"city": [[1, 2]]}, "column 'city' holds list"),
    ],
)
def test_raw_rows_that_do_not_fit_are_refused(changes: dict[str, Any], message: str) -> None:
    row = {"age": [31.0], "city": ["Rome"], "active": [True], "since": ["2020-01-01"]} | changes
    kept = {name: values for name, values in row.items() if values is not None}
    with pytest.raises(DatasetError, match=message):
        prepared().preprocessing.transform(kept)


NUMBERS = np.random.default_rng(0).normal(size=ROWS)

TARGETS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "texts": (["b", "a"] * 250, ("a", "b")),
    "booleans": ([True, False] * 250, (False, True)),
    "integers": (np.arange(ROWS) % 3 + 5, (5, 6, 7)),
    "whole floats": ((np.arange(ROWS) % 2).astype(float), (0, 1)),
    "mixed": ([1, "1"] * 250, (1, "1")),
}


@pytest.mark.parametrize("kind", TARGETS)
def test_labels_of_any_kind_are_kept(kind: str) -> None:
    values, labels = TARGETS[kind]
    made = prepared(churn=values)
    assert made.target.labels == labels
    assert [type(label) for label in made.target.labels] == [type(label) for label in labels]
    assert [made.target.labels[place] for place in made.target.values[:3]] == list(values[:3])


@pytest.mark.parametrize(
    ("values", "regression", "message"),
    [
        (NUMBERS, False, "regression"),
        (np.arange(ROWS) * 7 % 499, False, "regression"),
        (["no"] * 250 + ["7"] * 250, True, "has 'no' in row 0: a regression needs numbers"),
        (["no"] * ROWS, False, "one class only, 'no'"),
        ([None] * ROWS, False, "empty"),
        ([3.0] * ROWS, True, "fewer than two values"),
        ([f"label {number}" for number in range(ROWS)], False, "500 classes in 500 rows"),
    ],
)
def test_a_target_that_cannot_be_predicted_is_refused(
    values: Any, regression: bool, message: str
) -> None:
    with pytest.raises(DatasetError, match=message):
        prepare(table_of(churn(churn=values)), target="churn", regression=regression)


def test_unknown_columns_and_tables_without_features_are_refused() -> None:
    table = table_of(churn())
    with pytest.raises(DatasetError, match=r"no column 'chrun'.*did you mean 'churn'"):
        prepare(table, target="chrun")
    with pytest.raises(DatasetError, match="no column 'ages'"):
        prepare(table, target="churn", drop=["ages"])
    with pytest.raises(DatasetError, match="no column is left"):
        prepare(table_of({"one": [1] * 50, "churn": ["a", "b"] * 25}), target="churn")
    with pytest.raises(DatasetError, match="column 'tags' holds list"):
        prepare(table_of(churn(tags=[[1]] * ROWS)), target="churn")
    assert prepare(table_of(churn(tags=[[1]] * ROWS)), target="churn", drop=["tags"])


def warnings_of(table: Table, **options: Any) -> str:
    return " | ".join(prepare(table, target="churn", **options).report["warnings"])


def test_what_may_be_wrong_is_said() -> None:
    target = np.array(churn()["churn"], object)
    target[:3] = None
    leak = np.where(target == "yes", "left", "stayed")
    found = warnings_of(table_of(churn(churn=target.tolist(), refund=leak.tolist())))
    assert "3 rows without a value of 'churn'" in found
    assert "column 'refund' alone tells 'churn'" in found
    assert warnings_of(table_of(churn())) == ""
    assert "120 rows are few" in warnings_of(table_of(churn(rows=120)))
    rare = np.where(np.arange(ROWS) % 50 == 0, "yes", "no")
    assert "imbalance: 'yes' has 2 % of the rows" in warnings_of(table_of(churn(churn=rare)))
    single = ["once"] + ["no", "yes"] * 249 + ["no"]
    assert "class 'once' has 1 row: it is in the training part" in warnings_of(
        table_of(churn(churn=single))
    )
    ended = [label == "yes" or None for label in churn()["churn"]]
    assert "column 'ended' alone tells 'churn'" in warnings_of(table_of(churn(ended=ended)))
    twice = table_of(churn(churn=NUMBERS, euros=NUMBERS * 2 + 1))
    assert "column 'euros' alone tells" in warnings_of(twice, regression=True)


def test_the_version_depends_on_content_and_options_alone() -> None:
    version = prepared().version
    assert prepared().version == version
    assert prepare(table_of(polars.DataFrame(churn())), target="churn").version == version
    others = {
        prepared(age=np.zeros(ROWS)).version,
        prepare(table_of(churn()), target="churn", drop=["city"]).version,
        prepare(table_of(churn()), target="city").version,
    }
    assert len(others | {version}) == 4


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"inputs": ["age"]},
        {"columns": [{"kind": "poem", "name": "age"}]},
        {"columns": [{"kind": "number", "name": "age", "fill": "nan"}]},
        {"columns": "age"},
        {"target": None},
    ],
)
def test_preprocessing_of_an_untrusted_source_is_checked(change: dict[str, Any]) -> None:
    fields = prepared().preprocessing.to_json()
    with pytest.raises(DatasetError):
        preprocessing_from({**fields, **change})
