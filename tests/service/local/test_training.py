"""caviar.train: a data set of the data folder by its name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import caviar
from caviar.engine import DatasetError, RecipeError
from caviar.service.local.place import Place

FEATURES = np.random.default_rng(0).standard_normal((80, 3))
TABLE = {
    "first": FEATURES[:, 0],
    "second": FEATURES[:, 1],
    "answer": np.where(FEATURES[:, 0] + FEATURES[:, 2] > 0, "yes", "no"),
}


def test_a_set_of_ones_own_is_found_by_its_name(tmp_path: Path) -> None:
    with Place(tmp_path).client() as client:
        client.add_dataset("answers", TABLE, target="answer")
    trained = caviar.train("answers", epochs=2, seed=3, data=tmp_path, hidden_units=[4])
    direct = caviar.train(TABLE, target="answer", epochs=2, seed=3, hidden_units=[4])
    assert trained.curve == direct.curve
    assert trained.dataset.name == "answers"
    assert set(trained.predict({"first": [0.1], "second": [0.2]})) <= {"yes", "no"}


def test_an_unknown_name_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="unknown data set 'moon'"):
        caviar.train("moon", data=tmp_path / "data")
    assert not (tmp_path / "data").exists()
    with Place(tmp_path).client() as client:
        client.add_dataset("answers", TABLE, target="answer")
    with pytest.raises(DatasetError, match="unknown data set 'moon'"):
        caviar.train("moon", data=tmp_path)


def test_hyperparameters_are_named() -> None:
    with pytest.raises(RecipeError, match="lr: unknown hyperparameter; use learning_rate"):
        caviar.train("moons", lr=0.1)
