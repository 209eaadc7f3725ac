"""Data sets by name: built in, or prepared once in a folder named by its content."""

from pathlib import Path

import numpy as np
import pytest

from caviar import engine
from caviar.engine.data import library
from caviar.engine.data.library import add_dataset, load_dataset
from caviar.engine.data.tables import table_of
from caviar.engine.errors import DatasetError
from caviar.engine.models import Model
from tests.factories.tables import churn


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    library.register(tmp_path)
    return tmp_path


def test_a_table_is_prepared_once_and_found_by_name_and_version(folder: Path) -> None:
    made = add_dataset(folder, "churn", table_of(churn()), target="churn")
    assert made.version is not None
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert add_dataset(folder, "other", table_of(churn()), target="churn").version == made.version
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    loaded = load_dataset("other", made.version)
    assert loaded is load_dataset("other", made.version)
    assert loaded.name == "other"
    assert isinstance(loaded.training.features, np.memmap)
    assert (
        repr(loaded) == "<Dataset other: binary, 9 features, 2 classes, 300 + 100 + 100 examples>"
    )
    assert sorted(path.name for path in (folder / made.version).iterdir()) == sorted(library.FILES)
    library.remove(folder, made.version)
    with pytest.raises(DatasetError, match="caviar data add FILE --target COLUMN"):
        load_dataset("other", made.version)


@pytest.mark.parametrize("version", ["../" * 4 + "etc", "0" * 32, ""])
def test_an_unknown_version_is_refused(folder: Path, version: str) -> None:
    with pytest.raises(DatasetError, match="are not here"):
        load_dataset("churn", version)


def test_a_table_that_is_refused_leaves_nothing(folder: Path) -> None:
    with pytest.raises(DatasetError):
        add_dataset(folder / "new", "churn", table_of(churn()), target="none")
    assert not (folder / "new").exists()


@pytest.mark.parametrize("mixed", [False, True])
def test_the_model_of_a_table_predicts_labels_of_raw_rows(folder: Path, mixed: bool) -> None:
    raw = churn()
    if mixed:
        raw["churn"] = [1 if label == "yes" else "stays" for label in raw["churn"]]
    made = add_dataset(folder, "churn", table_of(raw), target="churn")
    lane = engine.Lane(number=0, recipe=engine.read_recipe({"hidden_units": 4}))
    training = engine.Training(made, [lane], seed=0)
    for _ in training.run(2):
        pass
    checkpoint = engine.make_checkpoint(lane, training.checkpoint(0), made, seed=0)
    content = engine.write_checkpoint(checkpoint)
    model = engine.load(content)
    predicted = model.predict(raw)
    assert set(predicted.tolist()) <= set(raw["churn"])
    # The network sees of raw rows what it saw of the prepared part.
    first = Model(checkpoint)._population.outputs(made.test)
    rows = library.prepare(table_of(raw), target="churn")
    parts = engine.data.datasets.split_rows(rows.target.values, 2, 0)
    raw_test = {name: [values[row] for row in parts["test"]] for name, values in raw.items()}
    np.testing.assert_allclose(
        model.predict_proba(raw_test)[:, 1], np.concatenate(list(first), axis=1)[0], atol=1e-6
    )
    with pytest.raises(DatasetError, match="there is no column 'age'"):
        model.predict({"city": ["Rome"]})
    with pytest.raises(engine.CheckpointError):
        engine.load(content.replace(b'"fill"', b'"feel"'))
