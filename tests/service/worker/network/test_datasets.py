"""The data set of a worker that has no copy: downloaded once, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from caviar import engine
from caviar.engine.data import library
from caviar.service.client import Client
from caviar.service.contract import schemas
from caviar.service.contract.errors import NotFound, Unavailable
from caviar.service.server.store.database import Database
from caviar.service.worker.network import datasets
from tests.factories.tables import churn_csv, churn_study
from tests.fakes.workers import train


@pytest.fixture
def elsewhere(
    client: Client, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> schemas.NetworkObjective:
    """An objective on a data set of the server, for a worker that knows no folder yet."""
    (tmp_path / "churn.csv").write_bytes(churn_csv())
    made = client.add_dataset("churn", tmp_path / "churn.csv", target="churn", drop=["note"])
    monkeypatch.setattr(library, "_FOLDERS", [])
    monkeypatch.setenv("CAVIAR_CACHE", str(tmp_path / "cache"))
    library._prepared.cache_clear()
    return schemas.NetworkObjective(kind="network", dataset="churn", version=made.version)


def test_a_data_set_is_downloaded_once(
    client: Client, database: Database, elsewhere: schemas.NetworkObjective, tmp_path: Path
) -> None:
    dataset = datasets.dataset_of(client, elsewhere)
    assert elsewhere.version is not None
    assert database.datasets is not None
    there = engine.open_dataset(database.datasets / elsewhere.version)
    np.testing.assert_array_equal(dataset.training.features, there.training.features)
    assert [path.name for path in (tmp_path / "cache" / "datasets").iterdir()] == [dataset.version]
    assert library.find(elsewhere.version) == tmp_path / "cache" / "datasets" / elsewhere.version
    with Client("http://127.0.0.1:9", patience_seconds=0) as nobody:
        assert datasets.dataset_of(nobody, elsewhere) is dataset


def test_the_folder_beside_a_server_is_used_as_it_is(
    database: Database,
    elsewhere: schemas.NetworkObjective,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CAVIAR_DATASETS", f"/nowhere:{database.datasets}")
    with Client("http://127.0.0.1:9", patience_seconds=0) as nobody:
        assert datasets.dataset_of(nobody, elsewhere).name == "churn"
    assert not (tmp_path / "cache").exists()


def test_a_file_that_does_not_arrive_whole_is_not_kept(
    client: Client,
    elsewhere: schemas.NetworkObjective,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def cut(self: Client, name: str, version: str, file: str, path: Path) -> None:
        path.write_bytes(b"half")

    monkeypatch.setattr(Client, "download_dataset_file", cut)
    with pytest.raises(Unavailable, match="did not arrive"):
        datasets.dataset_of(client, elsewhere)
    assert list((tmp_path / "cache" / "datasets").iterdir()) == []


def test_trials_whose_data_set_is_gone_fail_with_that_reason(
    client: Client,
    database: Database,
    elsewhere: schemas.NetworkObjective,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def gone(self: Client, name: str, *, version: str | None = None) -> schemas.DatasetDetail:
        raise NotFound("there is no data set named 'churn'")

    # The server of this process needs the files when the study is created, its worker later.
    assert database.datasets is not None
    monkeypatch.setattr(library, "_FOLDERS", [database.datasets])
    client.create_study(churn_study("gone"))
    monkeypatch.setattr(library, "_FOLDERS", [])
    library._prepared.cache_clear()
    monkeypatch.setattr(Client, "dataset", gone)
    train(client, "gone")
    assert {trial.reason for trial in client.trials("gone")} == {
        "error: there is no data set named 'churn'"
    }
