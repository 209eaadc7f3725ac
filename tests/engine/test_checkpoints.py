import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from caviar import engine
from caviar.engine.checkpoints import Checkpoint, make_checkpoint, read_checkpoint, write_checkpoint
from caviar.engine.data.datasets import Dataset, make_dataset
from caviar.engine.errors import CheckpointError, DatasetError
from caviar.engine.population.lanes import Lane
from caviar.engine.training import Training
from tests.engine.cases import lane, make_clouds, make_regression

DATASETS = {
    "binary": make_clouds(features=3, classes=2, examples=60),
    "multiclass": make_clouds(features=3, classes=4, examples=60),
    "regression": make_regression(features=3, examples=60),
}
LANES: dict[str, dict[str, object]] = {
    "plain": {},
    "no hidden layer": {"hidden_layers": 0, "optimizer": "gd"},
    "all at once": {
        "hidden_units_1": 5,
        "hidden_units_2": 3,
        "batch_norm": True,
        "keep_prob": 0.8,
        "decay": "cosine",
        "decay_every": 9,
        "optimizer": "rmsprop",
    },
}


def train(dataset: Dataset, trial: Lane, epochs: int = 2) -> Checkpoint:
    training = Training(dataset, [trial], seed=3)
    list(training.run(epochs))
    return make_checkpoint(trial, training.checkpoint(trial.number), dataset, seed=3)


def test_a_fork_keeps_its_lineage() -> None:
    fork = Lane(number=9, recipe=lane(5).recipe, lineage=5)
    assert read_checkpoint(write_checkpoint(train(DATASETS["binary"], fork))).lane == fork


@pytest.mark.parametrize("params", LANES.values(), ids=LANES.keys())
@pytest.mark.parametrize("task", DATASETS)
def test_a_read_checkpoint_is_equal_and_continues_bit_for_bit(
    task: str, params: dict[str, object]
) -> None:
    dataset, trial = DATASETS[task], lane(5, **params)
    written = train(dataset, trial)
    content = write_checkpoint(written)
    read = read_checkpoint(content)
    assert write_checkpoint(read) == content
    assert (read.lane, read.seed, read.shape) == (trial, 3, written.shape)
    assert read.state.parameters.tobytes() == written.state.parameters.tobytes()
    resumed = Training(dataset, [read.lane], seed=read.seed, start={5: read.state})
    uninterrupted = Training(dataset, [trial], seed=3)
    list(resumed.run(4))
    list(uninterrupted.run(4))
    after = [training.checkpoint(5).parameters.tobytes() for training in (resumed, uninterrupted)]
    assert after[0] == after[1]


def test_numpy_reads_it_without_pickle() -> None:
    content = write_checkpoint(train(DATASETS["binary"], lane(0)))
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        header = json.loads(arrays["header"].tobytes())
        assert header["recipe"]["optimizer"] == "adam"
        assert header["dataset"]["split"]["stratified"] is True
        assert arrays["parameters"].dtype == np.float32


class TestModel:
    def test_predictions_agree_with_the_metrics_of_training(self) -> None:
        values = np.random.default_rng(0).standard_normal((400, 2)) * [1, 1000] + [5, -300]
        names = np.where(values[:, 0] - 5 > values[:, 1] / 1000 + 0.3, "yes", "no")
        dataset = make_dataset("words", values, names, seed=0)
        trial = lane(0, batch_size=16, batch_norm=True)
        training = Training(dataset, [trial], seed=3)
        list(training.run(30))
        checkpoint = make_checkpoint(trial, training.checkpoint(0), dataset, seed=3)
        model = engine.load(write_checkpoint(checkpoint))
        probabilities = model.predict_proba(values)
        assert (model.predict(values) == names).mean() > 0.95
        assert probabilities.shape == (400, 2)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)
        raw = dataset.scaling
        test = dataset.test.features * raw.deviation + raw.mean
        wrong = (model.predict(test) != np.array(["no", "yes"])[dataset.test.targets]).mean()
        assert wrong == pytest.approx(training.test_metrics(0)["test_error"], abs=0.02)

    def test_probabilities_have_a_column_per_class(self, tmp_path: Path) -> None:
        path = tmp_path / "best.npz"
        path.write_bytes(write_checkpoint(train(DATASETS["multiclass"], lane(0))))
        model = engine.load(path)
        probabilities = model.predict_proba(np.ones((5, 3)))
        assert probabilities.shape == (5, 4)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
        assert set(model.predict(np.random.default_rng(0).random((300, 3)))) <= {0, 1, 2, 3}
        assert model.predict_proba(np.empty((0, 3))).shape == (0, 4)

    def test_a_regression_predicts_in_the_units_of_the_target(self) -> None:
        dataset = make_regression(features=3, examples=500)
        trial = lane(0, batch_size=16, hidden_units=16)
        model = engine.Model(train(dataset, trial, 60))
        raw = dataset.test.features * dataset.scaling.deviation + dataset.scaling.mean
        targets = dataset.scaling.raw_targets(dataset.test.targets)
        assert np.abs(model.predict(raw) - targets).mean() < 3
        with pytest.raises(DatasetError, match="no probabilities"):
            model.predict_proba(raw)

    @pytest.mark.parametrize("features", [np.ones(3), np.ones((2, 4)), np.full((1, 3), np.nan)])
    def test_invalid_features_are_refused(self, features: np.ndarray) -> None:
        model = engine.Model(train(DATASETS["binary"], lane(0), 1))
        with pytest.raises(DatasetError, match="features must be"):
            model.predict(features)

    def test_a_prediction_does_not_depend_on_the_other_examples(self) -> None:
        model = engine.Model(train(DATASETS["multiclass"], lane(0, hidden_units=33), 1))
        values = np.random.default_rng(0).standard_normal((700, 3))
        together = model.predict_proba(values)
        alone = np.concatenate([model.predict_proba(values[row : row + 1]) for row in (0, 300)])
        np.testing.assert_array_equal(alone, together[[0, 300]])


def change(members: dict[str, bytes], **fields: object) -> None:
    values = {**header_of(members), **fields}
    save(members, "header", np.frombuffer(json.dumps(values).encode(), np.uint8))


DATASET = {"name": "x", "task": "binary", "split": {}}


def header_of(members: dict[str, bytes]) -> dict[str, Any]:
    header: dict[str, Any] = json.loads(np.load(io.BytesIO(members["header.npy"])).tobytes())
    return header


def npy(header: bytes) -> bytes:
    """An .npy file with this header."""
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


def save(members: dict[str, bytes], name: str, array: np.ndarray) -> None:
    buffer = io.BytesIO()
    np.save(buffer, array)
    members[f"{name}.npy"] = buffer.getvalue()


def shorten_parameters(members: dict[str, bytes]) -> None:
    content = members["parameters.npy"]
    members["parameters.npy"] = content[:-8]


BAD: dict[str, tuple[Callable[[dict[str, bytes]], object], str]] = {
    "no header": (lambda members: members.pop("header.npy"), "no header"),
    "another format": (lambda members: change(members, format="x"), "not a Caviar checkpoint"),
    "another version": (lambda members: change(members, version=99), "version 99"),
    "no parameters": (lambda members: members.pop("parameters.npy"), "parameters is missing"),
    "short": (shorten_parameters, "parameters does not have"),
    "wide": (
        lambda members: save(members, "parameters", np.zeros(5, np.float32)),
        "parameters is float32",
    ),
    "double": (
        lambda members: save(members, "mean", np.zeros(3, np.float32)),
        "mean is float32",
    ),
    "objects": (
        lambda members: save(members, "mean", np.array([{}, {}, {}])),
        "mean is object",
    ),
    "unknown hyperparameter": (
        lambda members: change(members, recipe={"zzz": 1, "hidden_units": [3]}),
        "recipe: zzz",
    ),
    "another recipe": (
        lambda members: change(members, recipe={"hidden_units": [9]}),
        "shape does not fit",
    ),
    "no recipe": (lambda members: change(members, recipe=None), "no recipe"),
    "nested labels": (
        lambda members: change(members, dataset=DATASET | {"labels": [[1], [2, 3]]}),
        "labels that are neither",
    ),
    "a batch larger than the recipe's": (
        lambda members: change(members, shape=header_of(members)["shape"] | {"batch_size": 10**30}),
        "shape does not fit",
    ),
    "steps past every integer": (lambda members: change(members, steps=10**30), "steps must be"),
    "a mean of 4,000 digits": (
        lambda members: change(members, target_mean=10**4000),
        "unreadable content",
    ),
    "a mean that is no number": (
        lambda members: change(members, target_mean=float("nan")),
        "target_mean must be",
    ),
    "an expression as a header": (
        lambda members: members.update({"mean.npy": npy(b"-" * 9_000 + b"1")}),
        "header of 9001 bytes",
    ),
    "a header of code": (
        lambda members: members.update({"mean.npy": npy(b"{'descr': '<f8' + '', (")}),
        "not that of a plain array",
    ),
    "depth": (
        lambda members: save(members, "header", np.frombuffer(b"[" * 100_000, np.uint8)),
        "unreadable content",
    ),
    "negative epoch": (lambda members: change(members, epoch=-1), "epoch must be"),
    "no shape": (lambda members: change(members, shape=3), "unreadable content"),
    "huge": (
        lambda members: change(members, shape={"widths": [2**24, 2**24, 1], "activation": "relu"}),
        "unreadable content",
    ),
    "header is text": (
        lambda members: save(members, "header", np.frombuffer(b"{", np.uint8)),
        "unreadable content",
    ),
}


@pytest.mark.parametrize(("corrupt", "message"), BAD.values(), ids=BAD.keys())
def test_bad_files_are_refused(corrupt: Callable[[dict[str, bytes]], object], message: str) -> None:
    content = write_checkpoint(train(DATASETS["binary"], lane(0), 1))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    corrupt(members)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    with pytest.raises(CheckpointError, match=message):
        read_checkpoint(buffer.getvalue())


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all" * 99])
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(CheckpointError, match=r"\.npz"):
        read_checkpoint(content)


def test_an_encrypted_member_is_refused() -> None:
    content = bytearray(write_checkpoint(train(DATASETS["binary"], lane(0), 1)))
    for sign, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(sign) + flags] |= 1
    with pytest.raises(CheckpointError, match="encrypted"):
        read_checkpoint(bytes(content))


def test_compressed_members_are_refused() -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, header=np.zeros(2**20, np.uint8))
    with pytest.raises(CheckpointError, match="compressed"):
        read_checkpoint(buffer.getvalue())


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.99])
def test_truncated_files_are_refused(cut: float) -> None:
    content = write_checkpoint(train(DATASETS["binary"], lane(0), 1))
    with pytest.raises(CheckpointError):
        read_checkpoint(content[: int(cut * len(content))])


def test_flipped_bytes_raise_no_other_error() -> None:
    content = write_checkpoint(train(DATASETS["binary"], lane(0, hidden_units=2), 1))
    for position in range(0, len(content), 37):
        changed = bytearray(content)
        changed[position] ^= 0x55
        try:
            read_checkpoint(bytes(changed))
        except CheckpointError:
            continue
