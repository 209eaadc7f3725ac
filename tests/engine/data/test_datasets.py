import json

import numpy as np
import pytest

from caviar.engine.data.datasets import make_dataset
from caviar.engine.data.library import DATASETS, describe_dataset, load_dataset
from caviar.engine.errors import DatasetError

KNOWN = {
    "breast_cancer": (30, 2, 569, "binary"),
    "circles": (2, 2, 1000, "binary"),
    "diabetes": (10, 0, 442, "regression"),
    "digits": (64, 10, 1797, "multiclass"),
    "moons": (2, 2, 1000, "binary"),
    "wine": (13, 3, 178, "multiclass"),
}


@pytest.mark.parametrize("name", DATASETS)
def test_built_in_data_sets(name: str) -> None:
    features, classes, examples, task = KNOWN[name]
    dataset = load_dataset(name)
    parts = (dataset.training, dataset.validation, dataset.test)
    assert (dataset.features, dataset.classes, dataset.task) == (features, classes, task)
    assert sum(len(part) for part in parts) == examples
    for part in parts:
        assert part.features.dtype == np.float32
        assert part.features.shape == (len(part), features)
        assert not part.features.flags.writeable
        assert not part.targets.flags.writeable
        assert np.isfinite(part.features).all()
    if task == "regression":
        return
    shares = [np.bincount(part.targets, minlength=classes) / len(part) for part in parts]
    assert np.ptp(shares, axis=0).max() < 0.03


@pytest.mark.parametrize("name", DATASETS)
def test_training_part_is_standardized(name: str) -> None:
    values = load_dataset(name).training.features.astype(np.float64)
    deviations = values.std(axis=0)
    assert np.abs(values.mean(axis=0)).max() < 1e-5
    assert np.all((np.abs(deviations - 1) < 1e-4) | (deviations == 0))


def test_description_is_plain_json_and_records_the_split() -> None:
    description = json.loads(json.dumps(describe_dataset("digits")))
    assert description == {
        "name": "digits",
        "task": "multiclass",
        "features": 64,
        "classes": 10,
        "split": {
            "fractions": {"training": 0.6, "validation": 0.2, "test": 0.2},
            "seed": 0,
            "counts": {"training": 1078, "validation": 360, "test": 359},
            "stratified": True,
        },
    }


def test_loading_again_returns_the_same_object() -> None:
    assert load_dataset("wine") is load_dataset("wine")


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(DatasetError, match=r"'digit'; .* breast_cancer, circles"):
        load_dataset("digit")


def test_parts_are_disjoint_and_standardized_by_the_training_part_only() -> None:
    values = np.stack([np.arange(100.0), np.full(100, 0.1)], axis=1)
    dataset = make_dataset("count", values, np.arange(100) % 2, seed=3)
    parts = [dataset.training, dataset.validation, dataset.test]
    first_features = np.concatenate([part.features[:, 0] for part in parts])
    assert len(np.unique(first_features)) == 100
    assert abs(dataset.training.features[:, 0].mean()) < 1e-6
    assert not any(part.features[:, 1].any() for part in parts)
    other = make_dataset("count", values, np.arange(100) % 2, seed=4)
    assert not np.array_equal(other.training.features, dataset.training.features)
