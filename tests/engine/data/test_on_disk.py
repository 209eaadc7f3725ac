import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from caviar.engine.data.datasets import DatasetError, make_dataset
from caviar.engine.data.on_disk import open_dataset, save_dataset
from caviar.engine.training import Training
from tests.engine.cases import mixed_lanes

GENERATOR = np.random.default_rng(0)
FEATURES = GENERATOR.standard_normal((300, 4)) * 7 + 3
LABELS = np.array(["a", "b", "c"])[GENERATOR.integers(0, 3, 300)]


def test_an_opened_folder_equals_the_data_set_in_memory(tmp_path: Path) -> None:
    saved = save_dataset(tmp_path / "mine", FEATURES, LABELS, seed=4)
    made = make_dataset("mine", FEATURES, LABELS, seed=4)
    opened = open_dataset(tmp_path / "mine")
    for dataset in (saved, opened):
        assert (dataset.name, dataset.task, dataset.labels) == ("mine", "multiclass", made.labels)
        assert dict(dataset.split) == dict(made.split)
        for part in ("training", "validation", "test"):
            actual, expected = getattr(dataset, part), getattr(made, part)
            np.testing.assert_array_equal(actual.features, expected.features)
            np.testing.assert_array_equal(actual.targets, expected.targets)
        np.testing.assert_array_equal(dataset.scaling.mean, made.scaling.mean)
        assert isinstance(dataset.training.features, np.memmap)
        assert not dataset.training.features.flags.writeable


def test_training_on_a_folder_gives_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = save_dataset(tmp_path / "mine", FEATURES, LABELS)
    made = make_dataset("mine", FEATURES, LABELS, seed=0)
    lanes = mixed_lanes(6, ragged=True)
    results = []
    for dataset in (saved, made):
        training = Training(dataset, lanes, seed=0)
        *_, last = training.run(2)
        results.append(last.metrics)
    assert results[0] == results[1]


def test_regression(tmp_path: Path) -> None:
    dataset = save_dataset(tmp_path / "x", FEATURES, FEATURES[:, 0] * 3, regression=True)
    assert (dataset.task, dataset.classes) == ("regression", 0)
    assert open_dataset(tmp_path / "x").scaling.target_deviation == pytest.approx(21, rel=0.2)


def test_memory_mapped_arrays_can_be_saved(tmp_path: Path) -> None:
    np.save(tmp_path / "features.npy", FEATURES)
    mapped = np.load(tmp_path / "features.npy", mmap_mode="r")
    dataset = save_dataset(tmp_path / "mine", mapped, LABELS)
    assert len(dataset.training) == 180


TRAIN = """
import re, sys
from caviar import engine
from pathlib import Path

def private():
    text = Path("/proc/self/smaps_rollup").read_text()
    return 1024 * sum(int(kb) for kb in re.findall(r"Private_\\w+: +(\\d+) kB", text))

lanes = [
    engine.Lane(number=n, recipe=engine.read_recipe({"hidden_units": 4, "batch_size": 500 + n}))
    for n in range(2)
]
small = engine.make_dataset("small", [[0.0], [1.0]] * 20, [0, 1] * 20, seed=0)
list(engine.Training(small, lanes, seed=0).run(1))
before = private()
dataset = engine.open_dataset(sys.argv[1])
training = engine.Training(dataset, lanes, seed=0)
list(training.run(1))
print(private() - before)
"""


@pytest.mark.processes
@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="requires smaps of Linux")
def test_a_process_that_trains_needs_little_private_memory(tmp_path: Path) -> None:
    features = np.zeros((200_000, 100), np.float32)
    features[:, 0] = np.arange(len(features))
    save_dataset(tmp_path / "large", features, np.arange(len(features)) % 2)
    # Mapped in this process, too, so that shared pages do not count as private ones of the other.
    other = open_dataset(tmp_path / "large")
    for part in (other.training, other.validation, other.test):
        part.features.sum()
    result = subprocess.run(
        [sys.executable, "-c", TRAIN, str(tmp_path / "large")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(result.stdout) < 0.3 * features.nbytes


@pytest.mark.parametrize(
    ("features", "targets", "message"),
    [
        (np.ones(3), np.ones(3, int), r"features must be an array \(m, n\)"),
        (np.ones((3, 2)), np.ones(4, int), r"targets must be an array \(3,\)"),
        (np.full((3, 2), np.nan), np.ones(3, int), "features must be finite"),
        (np.full((3, 2), "x"), np.ones(3, int), "features must be numbers"),
        (np.ones((3, 2)), np.ones(3, int), "at least two classes"),
        (np.ones((3, 2)), np.array([None, 1, 2]), "targets of this task cannot be object"),
        (np.ones((2, 2)), np.array([0, 1]), "leave none for the validation part"),
        (np.ones((0, 2)), np.ones(0, int), "at least one example"),
    ],
)
def test_invalid_arrays_are_refused(
    features: np.ndarray, targets: np.ndarray, message: str, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match=message):
        save_dataset(tmp_path / "mine", features, targets)
    with pytest.raises(DatasetError, match=r"dataset\.json"):
        open_dataset(tmp_path / "mine")


def test_a_folder_of_the_first_version_still_opens(tmp_path: Path) -> None:
    save_dataset(tmp_path / "mine", FEATURES, LABELS)
    path = tmp_path / "mine" / "dataset.json"
    description = json.loads(path.read_text())
    for name in ("content", "preprocessing", "report"):
        del description[name]
    path.write_text(json.dumps({**description, "version": 1}))
    opened = open_dataset(tmp_path / "mine")
    assert (opened.labels, opened.version, opened.preprocessing) == (("a", "b", "c"), None, None)


def test_inconsistent_folders_are_refused(tmp_path: Path) -> None:
    save_dataset(tmp_path / "mine", FEATURES, LABELS)
    path = tmp_path / "mine" / "dataset.json"
    description = json.loads(path.read_text())
    for changes, message in [
        ({"version": 3}, "version 1 or 2"),
        ({"task": "poetry"}, "unknown task"),
        ({"mean": [0.0]}, "wrong size"),
        ({"task": "regression"}, "wrong dtypes"),
    ]:
        path.write_text(json.dumps({**description, **changes}))
        with pytest.raises(DatasetError, match=message):
            open_dataset(tmp_path / "mine")
